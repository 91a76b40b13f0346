/*
 * opsledger: the books of a service contract. Facts go into a ledger; a contract is data; an assessment is computed from both.
 *
 * This file is generated from the library's sources and their comments, and it is the manual of the C interface.
 *
 * LINKING
 *   pkg-config --cflags --libs opsledger. The library is built for Linux. A program may run with a library of the same major and
 *   at least its own minor version: compare opsl_abi_version() with OPSL_ABI_VERSION where that is not certain.
 *
 * STATUS AND ERRORS
 *   Whatever can fail returns an opsl_status, 0 for success, and takes an opsl_error ** as its last argument. NULL there: the
 *   details are not wanted. On failure a new error is stored through it, for the caller to free with opsl_error_free; on success it
 *   is not touched. There is no "last error" kept anywhere.
 *   On failure no other output is written, unless a function says otherwise.
 *   A NULL that is not allowed gives OPSL_E_NULL_POINTER, text that is not UTF-8 OPSL_E_BAD_UTF8.
 *   A panic inside the library never leaves it: it becomes OPSL_E_INTERNAL, and the handle answers nothing else from then on.
 *
 * WHO OWNS WHAT
 *   Arguments are borrowed for the call. Handles (opsl_contract, opsl_ledger, opsl_account, opsl_documents) belong to the caller and are freed once,
 *   each by its own function. An opsl_buf is freed by opsl_buf_free, an opsl_error by opsl_error_free, never by free(). Every
 *   free function takes NULL. Text of getters belongs to what it was asked of; that of opsl_version and opsl_features is static.
 *
 * THREADS
 *   Handles may be shared between threads without a lock, and calls on one handle may run at the same time. Freeing a handle while
 *   another thread uses it is the caller's error. Functions given by the caller (log, progress) are called in the calling thread,
 *   during the call they were given to, and must not call the library. Contracts may be used after a fork; ledgers, and accounts
 *   that follow one, answer OPSL_E_FORKED in the child.
 *
 * NUMBERS
 *   Instants are microseconds since 1970-01-01T00:00:00Z, durations microseconds, intervals half-open, money fen. There is no
 *   floating point. OPSL_ABSENT (INT64_MIN) stands for what is not there; counts of 32 bits use -1. The host's clock is read only where
 *   a function says "now", and for recorded_at.
 *
 * TEXT
 *   Text is UTF-8 as pointer and length; opsl_text makes one from a literal. The three documents (contract: TOML, facts: JSON
 *   Lines, assessment: JSON) are the same in all languages.
 *
 * STRUCTS
 *   A struct whose first field is struct_size is set to {0}, and then struct_size to its sizeof. Such structs only ever grow at their
 *   end, so programs built with an older or newer header keep working: a field that the library does not know is refused unless it
 *   is zero, and one that the program does not know is not written.
 */

#ifndef OPSLEDGER_H
#define OPSLEDGER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Versions ---- */

/* The version of this header. */
#define OPSL_VERSION "0.1.0"
/* Its ABI; see opsl_abi_version. */
#define OPSL_ABI_VERSION ((0 << 16) | 1)

/* ---- Status ---- */

/* The category of a status: what can be done about it. */
#define OPSL_CATEGORY(status) ((status) & 0xff)

#define OPSL_CATEGORY_INPUT 1
#define OPSL_CATEGORY_REFUSED 2
#define OPSL_CATEGORY_CONFLICT 3
#define OPSL_CATEGORY_NOT_FOUND 4
#define OPSL_CATEGORY_BUSY 5
#define OPSL_CATEGORY_IO 6
#define OPSL_CATEGORY_CORRUPT 7
#define OPSL_CATEGORY_VERSION 8
#define OPSL_CATEGORY_UNSUPPORTED 9
#define OPSL_CATEGORY_CLOSED 10
#define OPSL_CATEGORY_FORKED 11
#define OPSL_CATEGORY_DISTURBED 12
#define OPSL_CATEGORY_CANCELLED 13
#define OPSL_CATEGORY_INTERNAL 14

/* input */
#define OPSL_E_NAIVE_TIME 257 /* the time has no zone */
#define OPSL_E_BAD_TIME 513 /* not a time */
#define OPSL_E_BAD_DURATION 769 /* not a duration */
#define OPSL_E_BAD_ZONE 1025 /* unknown time zone */
#define OPSL_E_NO_SCHEDULE 1281 /* no holiday schedule is published for this year */
#define OPSL_E_NO_STATUTORY 1537 /* the source does not say which days are statutory holidays */
#define OPSL_E_BAD_CALENDAR 1793 /* not a valid calendar */
#define OPSL_E_OUT_OF_RANGE 2049 /* the value is outside the supported range */
#define OPSL_E_CONTRACT_SYNTAX 5121 /* the contract is not valid TOML */
#define OPSL_E_CONTRACT_KEY 5377 /* unknown key in the contract */
#define OPSL_E_CONTRACT_VALUE 5633 /* wrong value in the contract */
#define OPSL_E_CONTRACT_MISSING 5889 /* a required key is missing in the contract */
#define OPSL_E_CONTRACT_RULE 6145 /* unknown rule */
#define OPSL_E_CONTRACT_REFERENCE 6401 /* the contract names something it does not define */
#define OPSL_E_CONTRACT_CYCLE 6657 /* clauses refer to each other in a circle */
#define OPSL_E_CONTRACT_PERIOD 6913 /* impossible period */
#define OPSL_E_CONTRACT_DUPLICATE 7425 /* defined twice in the contract */
#define OPSL_E_BAD_JSON 10241 /* not valid JSON */
#define OPSL_E_BAD_UTF8 10497 /* not valid UTF-8 */
#define OPSL_E_UNKNOWN_KIND 10753 /* unknown kind of fact */
#define OPSL_E_UNKNOWN_FIELD 11009 /* unknown top-level key in a fact */
#define OPSL_E_MISSING_FIELD 11265 /* a required field is missing */
#define OPSL_E_WRONG_TYPE 11521 /* a field has the wrong type */
#define OPSL_E_NOT_INTEGER 11777 /* a number in a fact must be an integer within 2^53 */
#define OPSL_E_NULL_VALUE 12033 /* null is not recorded */
#define OPSL_E_DUPLICATE_JSON_KEY 12289 /* a JSON key stands twice */
#define OPSL_E_TOO_LONG 12545 /* the fact is longer than 64 KiB */
#define OPSL_E_STATED_RECORDED_AT 12801 /* recorded_at is set by the ledger */
#define OPSL_E_NOT_IN_ORDER 13057 /* facts are not in the order they were recorded */
#define OPSL_E_BAD_DECIMAL 13313 /* not a plain decimal */
#define OPSL_E_AS_OF_AFTER_KNOWN_AT 13569 /* as_of is after known_at */
#define OPSL_E_BAD_REQUEST 13825 /* the request is not understood */
#define OPSL_E_NULL_POINTER 14081 /* a required pointer is NULL */
#define OPSL_E_EMPTY_TEXT 14337 /* the text is empty */
#define OPSL_E_BAD_CSV 14593 /* the CSV file cannot be read */
#define OPSL_E_TOO_DEEP 14849 /* objects and lists lie more than 32 deep */
#define OPSL_E_UNKNOWN_WORD 15105 /* the word is not one of those allowed here */
#define OPSL_E_NOT_CANONICAL 15361 /* the fact is not in canonical form */
#define OPSL_E_BAD_SOURCE 17153 /* not a database this can read */
#define OPSL_E_SAME_SOURCE 17409 /* platform and standby are one and the same database */
#define OPSL_E_BAD_SHEET 16641 /* the sheet cannot be read */
#define OPSL_E_BAD_CELL 16897 /* this cell cannot be read rightly */
#define OPSL_E_BAD_KEY 15873 /* the key cannot be read */
#define OPSL_E_PAUSE_WHILE_STOPPED 56321 /* a pause while the clock is stopped has no effect */
#define OPSL_E_REOPEN_RUNNING 56577 /* a reopening while the clock runs has no effect */
#define OPSL_E_EXCLUSION_WITHOUT_CAUSE 56833 /* excluded without a cause or reason */
#define OPSL_E_UNKNOWN_SEVERITY 57089 /* the severity has no limit of its own; the shortest applies */
#define OPSL_E_UNKNOWN_UNIT 57601 /* covers names no unit that is owed in the service period */
#define OPSL_E_NO_AMOUNT 57857 /* an item states no amount_fen (a whole number of fen) */
#define OPSL_E_UNKNOWN_SET 58113 /* the contract has no such backup set */
#define OPSL_E_CLOCK_FAULT 57345 /* the host's clock went backwards */

/* refused */
#define OPSL_E_UNKNOWN_SUBJECT 17922 /* nothing of that name was opened */
#define OPSL_E_SECOND_START 18178 /* this was opened before */
#define OPSL_E_END_BEFORE_START 18434 /* the end is at or before the start */
#define OPSL_E_ALREADY_ENDED 18690 /* this has ended already */
#define OPSL_E_ALREADY_VOID 18946 /* this was voided or withdrawn */
#define OPSL_E_NOTHING_TO_CORRECT 19202 /* there is nothing to correct */
#define OPSL_E_UNKNOWN_ENTRY 19458 /* no earlier entry has that number */
#define OPSL_E_AT_AFTER_RECORDED 19714 /* the approval lies after its own recording */
#define OPSL_E_SAME_PARTY 19970 /* one cannot confirm or dispute one's own statement */
#define OPSL_E_NO_PARTY 20226 /* the fact names no party */
#define OPSL_E_BUYER_ONLY 20482 /* what a machine or nobody in particular stated is the buyer's to confirm or dispute */
#define OPSL_E_DUPLICATE_OF_DUPLICATE 20738 /* the incident named is itself a duplicate */
#define OPSL_E_RECORDED_OTHERWISE 21762 /* this is recorded with another value */
#define OPSL_E_OTHER_SHEET 22018 /* the sheet belongs to another contract or ledger */
#define OPSL_E_SHEET_CHANGED 22274 /* the sheet does not show what the ledger holds */
#define OPSL_E_NOT_A_LEDGER 23042 /* the file is not a ledger */
#define OPSL_E_LEDGER_EXISTS 23298 /* a ledger of that name exists */
#define OPSL_E_CLOCK_JUMP 23554 /* the clock is more than 400 days ahead of the last entry */
#define OPSL_E_SECOND_COPY 23810 /* another copy of the library in this process has the ledger open */
#define OPSL_E_NETWORK_FILE_SYSTEM 24066 /* ledgers on network file systems lose their locks */
#define OPSL_E_NOT_READ_ONLY 24322 /* only reading is allowed here */
#define OPSL_E_PARTY_KEYS 24578 /* signatures are not checked yet, so a contract that lists party keys is refused */
#define OPSL_E_CANNOT_SEAL 24834 /* this cannot be sealed */
#define OPSL_E_ALREADY_SEALED 25090 /* this is sealed already */
#define OPSL_E_TARGET_NOT_EMPTY 26370 /* the scratch target holds something */
#define OPSL_E_TARGET_IN_USE 26626 /* the scratch target is the set itself or a source in use */

/* conflict */
#define OPSL_E_KEY_CONFLICT 25603 /* the key was recorded with another fact */

/* not found */
#define OPSL_E_NOT_FOUND 28164 /* not found */

/* busy */
#define OPSL_E_BUSY 30725 /* another writer held the ledger too long */

/* io */
#define OPSL_E_IO 33286 /* the operating system refused */
#define OPSL_E_COMMAND_FAILED 35590 /* the command failed */
#define OPSL_E_READ_ONLY_FILE 33542 /* the file or its folder cannot be written */
#define OPSL_E_DISK_FULL 33798 /* no room left to write */
#define OPSL_E_SOURCE_REFUSED 34054 /* the database did not answer as asked */
#define OPSL_E_PROGRAM_MISSING 34310 /* a program of the engine was not found or did not start */

/* corrupt */
#define OPSL_E_CORRUPT 35847 /* the ledger's content is damaged or was changed */

/* version */
#define OPSL_E_CONTRACT_FORMAT 7176 /* the contract's format is newer than this library */
#define OPSL_E_LEDGER_VERSION 38408 /* the ledger was made by a newer version */

/* unsupported */
#define OPSL_E_UNSUPPORTED 40969 /* not in this build */
#define OPSL_E_RULE_NOT_BUILT 41225 /* this rule is not built yet, so the clause cannot be judged */

/* closed */
#define OPSL_E_CLOSED 43530 /* the handle was closed */

/* forked */
#define OPSL_E_FORKED 46091 /* the handle belongs to the parent process */

/* disturbed */
#define OPSL_E_DISTURBED 48652 /* the ledger's files were replaced while it was open */

/* cancelled */
#define OPSL_E_CANCELLED 51213 /* cancelled */

/* internal */
#define OPSL_E_INTERNAL 53774 /* an internal error */

/* ---- Types ---- */

/* No such figure or instant; as an argument: not given. Counts of 32 bits use -1. */
#define OPSL_ABSENT INT64_MIN

/* English. */
#define OPSL_LANG_EN 0

/* Chinese. */
#define OPSL_LANG_ZH 1

/* What needs the other party's confirmation counts once confirmed. */
#define OPSL_VIEW_AGREED 0

/* All facts count. */
#define OPSL_VIEW_CLAIMED 1

/* What went wrong. The caller frees it with opsl_error_free. */
typedef struct opsl_error opsl_error;

/*
 * 0, or what went wrong: the category in the low byte (OPSL_CATEGORY_...), the detail above it (OPSL_E_... is the
 * whole number). A caller that knows only the category of a new detail still knows what to do.
 */
typedef int32_t opsl_status;

/* UTF-8 text that the caller keeps for the length of the call; needs no NUL at its end. Empty text may have a NULL ptr. */
typedef struct {
  /* First byte. */
  const char *ptr;
  /* Number of bytes. */
  size_t len;
} opsl_str;

/*
 * Bytes that the library made and the caller frees with opsl_buf_free. A NUL that len does not count stands at the end, so
 * that text can be printed as it is.
 */
typedef struct {
  /* First byte. */
  char *ptr;
  /* Number of bytes. */
  size_t len;
} opsl_buf;

/* Receives a log line: level (1 error, 2 warning, 3 information, 4 debug, 5 trace), text, and the pointer given with it. */
typedef void (*opsl_log_fn)(int32_t level, const char *text, void *user);

/* Receives progress: how much of how much is done, and the pointer given with it. Any other answer than 0 cancels. */
typedef int32_t (*opsl_progress_fn)(int64_t done, int64_t total, void *user);

/* All went well. */
#define OPSL_OK 0

/* Text that ends with a NUL, such as a literal, as an opsl_str. NULL gives empty text. */
static inline opsl_str opsl_text(const char *text)
{
  opsl_str str;
  str.ptr = text;
  str.len = text == NULL ? 0 : strlen(text);
  return str;
}

/* ---- Base: version, log, buffers, errors ---- */

/*
 * The ABI this library has: major version times 65536 plus minor version. A program may run with a library of the same
 * major and at least its own minor version, OPSL_ABI_VERSION.
 */
int32_t opsl_abi_version(void);

/* The version as text, such as "0.1.0". Never freed. */
const char *opsl_version(void);

/*
 * The parts in this build, separated by blanks, such as "ledger report backup jni". Never freed. The header never varies: a part
 * left out answers OPSL_E_UNSUPPORTED.
 */
const char *opsl_features(void);

/*
 * Sends log lines to log, or nowhere when it is NULL. One for the whole process. It is called in the thread that called the
 * library, during that call, and must not call the library. Once this returns, the former function is not running and is
 * never called again. user is handed on and may be NULL.
 */
opsl_status opsl_log_set(opsl_log_fn log,
                         void *user,
                         opsl_error **err);

/* Frees the bytes of a buffer and leaves it empty. NULL and an empty buffer are fine. */
void opsl_buf_free(opsl_buf *buf);

/* The status that the failed call returned; OPSL_OK for NULL. */
opsl_status opsl_error_code(const opsl_error *error);

/*
 * What was wrong, where, with which value, and what to do, as UTF-8 with a NUL at its end. lang is OPSL_LANG_EN or
 * OPSL_LANG_ZH; any other number gives English. Belongs to the error. Empty for NULL.
 */
const char *opsl_error_text(const opsl_error *error,
                            int32_t lang);

/* The line, row or position in a batch that is wrong, from 1; OPSL_ABSENT where there is none. */
int64_t opsl_error_row(const opsl_error *error);

/* Frees an error. NULL is fine. */
void opsl_error_free(opsl_error *error);

/* ---- Contract ---- */

/* A contract as read from its text. Never changes, so any number of threads may use it at once. */
typedef struct opsl_contract opsl_contract;

/*
 * Reads a contract (UTF-8 TOML, format 1, no byte order mark). The error names line, column, value and what to do.
 * *contract is the caller's, freed with opsl_contract_free.
 */
opsl_status opsl_contract_parse(opsl_str toml,
                                opsl_contract **contract,
                                opsl_error **err);

/* The contract's identity: SM3 of the text's bytes, as 64 lower-case hex digits and a NUL. */
opsl_status opsl_contract_sm3(const opsl_contract *contract, char sm3[65], opsl_error **err);

/* Frees a contract. NULL is fine. Accounts opened with it keep what they need. */
void opsl_contract_free(opsl_contract *contract);

/* ---- Time: instants, working time ---- */

/*
 * Reads an instant such as 2026-03-02T08:10:00+08:00 (RFC 3339, at most six digits of the second, years 1900 to 9999) into
 * microseconds since 1970-01-01T00:00:00Z. A time without a zone is refused (OPSL_E_NAIVE_TIME).
 */
opsl_status opsl_time_parse(opsl_str text,
                            int64_t *us,
                            opsl_error **err);

/*
 * Writes an instant with the offset of an IANA zone such as Asia/Shanghai, or, for an empty zone, in the canonical form of
 * the ledger, 2026-03-02T00:10:00.000000Z.
 */
opsl_status opsl_time_format(int64_t us,
                             opsl_str zone,
                             opsl_buf *out,
                             opsl_error **err);

/*
 * Working time in each [start[i], end[i]) on a calendar of the contract, in microseconds, into us[i]; 0 where the end is not
 * after the start. With every holiday notice that this version carries; a year without a published schedule is an error that
 * names it. Nothing is written on failure; the row says which one failed.
 */
opsl_status opsl_calendar_between(const opsl_contract *contract,
                                  opsl_str id,
                                  const int64_t *start,
                                  const int64_t *end,
                                  size_t n,
                                  int64_t *us,
                                  opsl_error **err);

/*
 * The first instant at which add[i] microseconds of working time have passed since start[i], into at[i]; start[i] itself
 * for 0. Otherwise as opsl_calendar_between.
 */
opsl_status opsl_calendar_add(const opsl_contract *contract,
                              opsl_str id,
                              const int64_t *start,
                              const int64_t *add,
                              size_t n,
                              int64_t *at,
                              opsl_error **err);

/* ---- Columns: figures of many systems at once ---- */

/*
 * Outages and planned windows as columns; the caller keeps them for the length of the call. Instants and durations are
 * microseconds. Where a contract is given, period_start, period_end, merge_gap and long_from may be OPSL_ABSENT
 * and are then the contract's.
 */
typedef struct {
  /* sizeof(opsl_columns). */
  size_t struct_size;
  /* Number of outages. */
  size_t n;
  /* System of each outage, from 0 to the number of results. */
  const int32_t *system;
  /* Start of each outage. */
  const int64_t *start;
  /* End of each outage; INT64_MAX while it is open. */
  const int64_t *end;
  /* Number of planned windows. */
  size_t window_n;
  /* System of each planned window; -1 for all. */
  const int32_t *window_system;
  /* Start of each planned window. */
  const int64_t *window_start;
  /* End of each planned window. */
  const int64_t *window_end;
  /* First instant of the period that hours are clipped to. */
  int64_t period_start;
  /* First instant after it. */
  int64_t period_end;
  /* Outages that start later are not yet there; open ones run to it. */
  int64_t as_of;
  /* Pieces with at most this gap are one episode. */
  int64_t merge_gap;
  /* Episodes of at least this downtime are long. */
  int64_t long_from;
} opsl_columns;

/* Figures of one system. */
typedef struct {
  /* Long episodes that count in the period. */
  int64_t long_count;
  /* Short ones. */
  int64_t short_count;
  /* Open ones that are not long yet. */
  int64_t pending_count;
  /* Downtime inside the period, microseconds. */
  int64_t downtime_us;
  /* Planned time inside the elapsed period that is not counted downtime, microseconds. */
  int64_t planned_us;
} opsl_figures;

/*
 * Fills results[i] with the figures of system i, by the kernel that the rules use. contract may be NULL when the columns
 * say everything. No copy is made of the columns; results must not overlap them. On failure results is not to be read, and
 * the row says which outage or window is wrong.
 */
opsl_status opsl_outages_batch(const opsl_contract *contract,
                               const opsl_columns *columns,
                               opsl_figures *results,
                               size_t n,
                               opsl_error **err);

/* ---- Ledger ---- */

/* An append that returned is on disk. */
#define OPSL_DURABILITY_DISK 0

/* An append that returned is in the operating system's hands: a power cut may lose it. */
#define OPSL_DURABILITY_OS 1

/* An open ledger. Any number of threads may use it at once. */
typedef struct opsl_ledger opsl_ledger;

/* How to open a ledger. Zero is the default of each field. */
typedef struct {
  /* sizeof(opsl_ledger_options). */
  size_t struct_size;
  /* 1: make the file if there is none (an existing ledger is opened). */
  int32_t create;
  /* 1: only reading. */
  int32_t read_only;
  /* OPSL_DURABILITY_DISK or OPSL_DURABILITY_OS. */
  int32_t durability;
  /* 1: accept a clock more than 400 days ahead of the last entry. */
  int32_t accept_clock;
  /* How long a writer waits for others, microseconds; 0: 30 seconds. */
  int64_t wait_limit_us;
} opsl_ledger_options;

/* The last entry of a ledger. */
typedef struct {
  /* sizeof(opsl_head). */
  size_t struct_size;
  /* Its number; 0 for an empty ledger. */
  int64_t seq;
  /* When it was recorded, microseconds; 0 for an empty ledger. */
  int64_t recorded_at;
  /* SM3 of its head line in lower-case hex (64 zeros for an empty ledger), and a NUL. */
  char sm3[65];
  /* Not used. */
  char reserved[7];
} opsl_head;

/*
 * Opens a ledger, or makes one. options may be NULL. *ledger is the caller's, freed with opsl_ledger_free. Several
 * handles and several processes may have one ledger open. After a fork the parent's handle answers OPSL_E_FORKED in the child.
 */
opsl_status opsl_ledger_open(opsl_str path,
                             const opsl_ledger_options *options,
                             opsl_ledger **ledger,
                             opsl_error **err);

/*
 * Appends facts, one JSON object a line (blank lines are skipped): all are recorded or none, with the system's clock as
 * recorded_at. A fact whose key is recorded already with the same content gets its old number. The numbers of the first
 * cap facts go to seqs (NULL with cap 0: not wanted) and how many facts there were to *n (may be NULL).
 */
opsl_status opsl_ledger_append(const opsl_ledger *ledger,
                               opsl_str jsonl,
                               int64_t *seqs,
                               size_t cap,
                               size_t *n,
                               opsl_error **err);

/* The last entry, by any process. head->struct_size is set by the caller. */
opsl_status opsl_ledger_head(const opsl_ledger *ledger, opsl_head *head, opsl_error **err);

/*
 * Entries from number from on, at most limit, as JSON Lines: {"seq":1,"head":"...","hash":"...","fact":{...}}, where the
 * fact stands byte for byte as it is stored, the head line with its tabs escaped, and its SM3 beside it.
 */
opsl_status opsl_ledger_read(const opsl_ledger *ledger,
                             int64_t from,
                             int64_t limit,
                             opsl_buf *out,
                             opsl_error **err);

/*
 * Answers a query over the public table entry(seq, head, fact) as JSON: {"columns":[...],"rows":[[...],...]}. Only
 * reading: anything else is refused.
 */
opsl_status opsl_ledger_sql(const opsl_ledger *ledger,
                            opsl_str query,
                            opsl_buf *out,
                            opsl_error **err);

/*
 * Imports a file of foreign records. kind is "csv" (columns kind, subject, at, key, recorded_at, body.*). json may be empty
 * or an object: "lenient": true records rows that contradict the record and lists them; "zone": "Asia/Shanghai" is taken for
 * times without an offset, which are refused otherwise. All rows are recorded or none; the same file twice changes nothing.
 * *out: {"seqs":[...],"new":2,"faults":[{"row":3,"text":"..."}]}. progress (may be NULL) is called before anything is
 * recorded and after, in the calling thread.
 */
opsl_status opsl_ledger_import(const opsl_ledger *ledger,
                               opsl_str kind,
                               opsl_str path,
                               opsl_str json,
                               opsl_progress_fn progress,
                               void *user,
                               opsl_buf *out,
                               opsl_error **err);

/*
 * Re-hashes everything. *out: {"ok":true,"entries":812,"first_bad":null,"problem":null,"detail":null}; in a broken ledger "ok" is
 * false, "problem" names what is wrong, "detail" says it in words, and "first_bad" is the first bad entry, if it is one. That is a
 * verdict, not an error; a file too damaged to be read to the end is the error OPSL_E_CORRUPT. progress (may be NULL) is called
 * in the calling thread with entries done and in all.
 */
opsl_status opsl_ledger_verify(const opsl_ledger *ledger,
                               opsl_progress_fn progress,
                               void *user,
                               opsl_buf *out,
                               opsl_error **err);

/*
 * Writes one consistent, self-contained copy for read-only media and auditors; an existing file is refused. progress (may be
 * NULL) is called before and after, in the calling thread.
 */
opsl_status opsl_ledger_snapshot(const opsl_ledger *ledger,
                                 opsl_str path,
                                 opsl_progress_fn progress,
                                 void *user,
                                 opsl_error **err);

/* Frees a ledger. NULL is fine. An account that follows it keeps the file open until it is freed too. */
void opsl_ledger_free(opsl_ledger *ledger);

/* ---- Account ---- */

/* Not yet due. */
#define OPSL_VERDICT_NOT_DUE 0

/* Kept. */
#define OPSL_VERDICT_MET 1

/* Broken, and waived by the party it benefits. */
#define OPSL_VERDICT_WAIVED 2

/* Kept so far, with little left. */
#define OPSL_VERDICT_AT_RISK 3

/* Nothing recorded to judge it by. */
#define OPSL_VERDICT_NO_EVIDENCE 4

/* Broken. */
#define OPSL_VERDICT_BREACHED 5

/* The books of one contract. Any number of threads may use it at once. */
typedef struct opsl_account opsl_account;

/*
 * How the contract stands, as numbers. Counts, downtime and limits are those of the first clause of their kind without
 * systems or per. Absent: -1 in a count, OPSL_ABSENT elsewhere.
 */
typedef struct {
  /* sizeof(opsl_budget). */
  size_t struct_size;
  /* The instant the figures hold for, microseconds. */
  int64_t as_of;
  /* What was known, microseconds. */
  int64_t known_at;
  /* Status of the contract, OPSL_VERDICT_.... */
  int32_t status;
  /* Long outages. */
  int32_t long_count;
  /* How many are allowed. */
  int32_t long_max;
  /* Short outages. */
  int32_t short_count;
  /* How many are allowed. */
  int32_t short_max;
  /* Open outages that are not long yet. */
  int32_t pending_count;
  /* Downtime, microseconds. */
  int64_t downtime_us;
  /* How much is allowed, microseconds. */
  int64_t downtime_max_us;
  /* What is left of it, microseconds; negative once it is broken. */
  int64_t remaining_us;
  /* The earliest breach to come if nothing more is recorded, microseconds. */
  int64_t next_breach_at;
  /* The last entry read; absent without a ledger. */
  int64_t head_seq;
} opsl_budget;

/* What an assessment is asked for. Zero is the default of each field. */
typedef struct {
  /* sizeof(opsl_assess_options). */
  size_t struct_size;
  /* Only entries up to this one; 0: all. */
  int64_t head;
  /* OPSL_VIEW_AGREED or OPSL_VIEW_CLAIMED. */
  int32_t view;
  /* 0. */
  int32_t reserved;
} opsl_assess_options;

/*
 * Opens an account. With a ledger it follows that: every question first reads what was appended since, by any process; contract
 * may then be NULL for the one that the ledger adopted. Without a ledger (NULL) facts come from opsl_account_add. Both
 * handles stay the caller's and may be freed before the account. *account is the caller's, freed with opsl_account_free.
 */
opsl_status opsl_account_open(const opsl_contract *contract,
                              const opsl_ledger *ledger,
                              opsl_account **account,
                              opsl_error **err);

/*
 * Adds facts to an account without a ledger, one JSON object a line (blank lines are skipped), each with its stated
 * recorded_at (absent: its at) and in that order. All are added or none; the row is the line. What contradicts the record
 * has no effect and stands in the assessment's faults.
 */
opsl_status opsl_account_add(const opsl_account *account,
                             opsl_str jsonl,
                             opsl_error **err);

/*
 * The figures as a struct, for the hot path. as_of and known_at are microseconds; OPSL_ABSENT for as_of means known_at,
 * and for known_at the last instant recorded (with a ledger, now if that is later). view is OPSL_VIEW_AGREED or
 * OPSL_VIEW_CLAIMED. budget->struct_size is set by the caller.
 */
opsl_status opsl_account_budget(const opsl_account *account,
                                int64_t as_of,
                                int64_t known_at,
                                int32_t view,
                                opsl_budget *budget,
                                opsl_error **err);

/* The assessment document as JSON. Instants as in opsl_account_budget; options may be NULL. */
opsl_status opsl_account_assess(const opsl_account *account,
                                int64_t as_of,
                                int64_t known_at,
                                const opsl_assess_options *options,
                                opsl_buf *out,
                                opsl_error **err);

/*
 * The page of an assessment. json may be empty or an object: "format": "html" (the only one: one page that needs no network), "as_of" and
 * "known_at" (RFC 3339), "head" (an entry's number), "view": "agreed" or "claimed", "lang": "en" or "zh". progress (may be NULL) is
 * called before and after, in the calling thread.
 */
opsl_status opsl_account_report(const opsl_account *account,
                                opsl_str json,
                                opsl_progress_fn progress,
                                void *user,
                                opsl_buf *out,
                                opsl_error **err);

/* Frees an account. NULL is fine. */
void opsl_account_free(opsl_account *account);

/* ---- Answers and documents of an account ---- */

/* The files of a document. Nothing changes them; any number of threads may read them at once. */
typedef struct opsl_documents opsl_documents;

/*
 * A register ("incidents", "duty", ...) as JSON: its columns, and a row a subject. Other arguments as in opsl_account_assess.
 * A name there is not gives OPSL_E_NOT_FOUND, with those there are.
 */
opsl_status opsl_account_register_json(const opsl_account *account,
                                       opsl_str name,
                                       int64_t as_of,
                                       int64_t known_at,
                                       const opsl_assess_options *options,
                                       opsl_buf *out,
                                       opsl_error **err);

/*
 * Why a clause stands as it does, as JSON. case_name is one case of it (a subject or a period), empty for all of them. Other
 * arguments as in opsl_account_assess. A clause or a case there is not gives OPSL_E_NOT_FOUND, with those there are.
 */
opsl_status opsl_account_explain_json(const opsl_account *account,
                                      opsl_str clause,
                                      opsl_str case_name,
                                      int64_t as_of,
                                      int64_t known_at,
                                      const opsl_assess_options *options,
                                      opsl_buf *out,
                                      opsl_error **err);

/*
 * What falls due, is at risk, or waits for whom, from as_of on and for within_us microseconds (OPSL_ABSENT: 7 days), if
 * nothing more is recorded, as JSON. Other arguments as in opsl_account_assess.
 */
opsl_status opsl_account_due_json(const opsl_account *account,
                                  int64_t as_of,
                                  int64_t known_at,
                                  int64_t within_us,
                                  const opsl_assess_options *options,
                                  opsl_buf *out,
                                  opsl_error **err);

/*
 * A document that people sign, as files. kind is "monthly", "incident", "ledger", "roster" or "acceptance". json may be
 * empty or an object: "month" ("2026-03"; absent: the month before the last instant known), "subject" (the incident; needed for
 * "incident"), "formats" (an array of "docx", "xlsx", "html"; absent: those the kind is usually given in), "lang" ("zh", the
 * default, or "en"), "as_of", "known_at" (RFC 3339), "head", "view" as in opsl_account_report; "ledger" and "contract" are the
 * names of their files, for the commands in the annex. The same question gives the same bytes, in every language. The first file
 * is the document itself; of "acceptance" it is the index. *documents is the caller's, freed with opsl_documents_free.
 */
opsl_status opsl_account_documents(const opsl_account *account,
                                   opsl_str kind,
                                   opsl_str json,
                                   opsl_documents **documents,
                                   opsl_error **err);

/* How many files there are; 0 for NULL. */
size_t opsl_documents_count(const opsl_documents *documents);

/* The name of file i (from 0): no absolute path, parts separated by /. It belongs to documents. NULL where there is none. */
const char *opsl_documents_name(const opsl_documents *documents,
                                size_t i);

/* The media type of file i. It belongs to documents. NULL where there is none. */
const char *opsl_documents_media_type(const opsl_documents *documents, size_t i);

/* The content of file i. bytes->ptr belongs to documents. */
opsl_status opsl_documents_bytes(const opsl_documents *documents,
                                 size_t i,
                                 opsl_str *bytes,
                                 opsl_error **err);

/* Frees the files. NULL is fine. */
void opsl_documents_free(opsl_documents *documents);

/* ---- Backups: sealed, checked, restored, compared ---- */

/*
 * Runs an operation on backups and gives its report (schemas/backup-report.schema.json), one line of JSON with its line feed.
 * operation is "seal", "verify", "drill", "compare" or "status"; json is an object of its options
 * (schemas/backup-options.schema.json), such as {"path":"/backup/2026-03-02","level":"L2"}; a key that is unknown gives
 * OPSL_E_BAD_REQUEST with its name. What the check found is the report's "verdict" ("pass", "pass-with-remarks", "fail",
 * "unverifiable", "unstable-read"), not an error. With a ledger (NULL: none), the contract it adopted completes the options,
 * and what the report states is appended when the operation has ended: all of it or nothing. Where only that fails, its status is returned and
 * *out holds the report all the same. progress (may be NULL) is called in the calling thread with bytes done and in all (files, where
 * no bytes are counted), some twenty times a second; another answer than 0 gives OPSL_E_CANCELLED, and nothing is recorded. What is checked is never
 * written to; a seal that was stopped is completed by the next one. The call may take hours and uses several threads of its own, which call nothing of the caller's.
 */
opsl_status opsl_backup_run(const opsl_ledger *ledger,
                            opsl_str operation,
                            opsl_str json,
                            opsl_progress_fn progress,
                            void *user,
                            opsl_buf *out,
                            opsl_error **err);

#ifdef __cplusplus
}
#endif

#endif /* OPSLEDGER_H */
