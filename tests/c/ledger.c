/* A ledger through the C interface: what it refuses, threads, a fork, cancelling, files that are none. */

#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[512];

static const char *path(const char *name)
{
  static char paths[4][640];
  static int next;
  char *to = paths[next++ % 4];
  snprintf(to, sizeof paths[0], "%s/%s", folder, name);
  return to;
}

static opsl_ledger *open_ledger(const char *name)
{
  opsl_ledger *ledger = NULL;
  opsl_ledger_options options = {0};
  options.struct_size = sizeof options;
  options.create = 1;
  WORKS(opsl_ledger_open(opsl_text(path(name)), &options, &ledger, &err));
  return ledger;
}

static int64_t entries(const opsl_ledger *ledger)
{
  opsl_head head = {0};
  head.struct_size = sizeof head;
  WORKS(opsl_ledger_head(ledger, &head, &err));
  CHECK(strlen(head.sm3) == 64);
  return head.seq;
}

static int sound(const opsl_ledger *ledger)
{
  opsl_buf out = {NULL, 0};
  int ok;
  WORKS(opsl_ledger_verify(ledger, NULL, NULL, &out, &err));
  ok = out.ptr != NULL && strncmp(out.ptr, "{\"ok\":true,", 11) == 0;
  if (!ok)
    printf("%s\n", out.ptr == NULL ? "no verdict" : out.ptr);
  opsl_buf_free(&out);
  return ok;
}

static void refusals(const opsl_ledger *ledger)
{
  static const struct {
    const char *fact, *words;
    opsl_status status;
  } bad[] = {
    {"{\"kind\":\"outage.start\",\"subject\":\"O-1\",\"at\":\"2026-03-04T08:00:00Z\",\"body\":{\"system\":\"p\"}}", "O-1", OPSL_E_SECOND_START},
    {"{\"kind\":\"outage.end\",\"subject\":\"O-2\",\"at\":\"2026-03-04T08:00:00Z\"}", "O-2", OPSL_E_UNKNOWN_SUBJECT},
    {"{\"kind\":\"incident.repair\",\"subject\":\"I-9\",\"at\":\"2026-03-04T08:00:00Z\"}", "I-9", OPSL_E_UNKNOWN_SUBJECT},
    {"{\"kind\":\"x.note\",\"at\":\"2026-03-04T08:00:00Z\",\"key\":\"k\",\"body\":{\"n\":2}}", "k", OPSL_E_KEY_CONFLICT},
    {"{\"kind\":\"x.note\",\"at\":\"2026-03-04T08:00:00Z\",\"recorded_at\":\"2026-03-04T08:00:00Z\"}", "recorded_at", OPSL_E_STATED_RECORDED_AT},
    {"{\"kind\":\"x.note\",\"at\":\"2026-03-04 08:00\"}", "2026-03-04 08:00", OPSL_E_NAIVE_TIME},
    {"{\"kind\":\"x.note\",\"at\":\"2026-03-04T08:00:00Z\",\"body\":{\"n\":null}}", "n", OPSL_E_NULL_VALUE},
  };
  static const char first[] = "{\"kind\":\"x.note\",\"at\":\"2026-03-04T07:00:00Z\",\"body\":{\"n\":9}}\n\n";
  int64_t before, seqs[4] = {-1, -1, -1, -1};
  size_t i, n = 99;
  WORKS(opsl_ledger_append(ledger, opsl_text(OUTAGE), seqs, 1, &n, &err));
  CHECK(n == 2 && seqs[0] == 1 && seqs[1] == -1);
  WORKS(opsl_ledger_append(ledger, opsl_text("{\"kind\":\"x.note\",\"at\":\"2026-03-04T08:00:00Z\",\"key\":\"k\",\"body\":{\"n\":1}}"), seqs, 4, NULL, &err));
  WORKS(opsl_ledger_append(ledger, opsl_text("{\"body\":{\"n\":1},\"key\":\"k\",\"at\":\"2026-03-04T16:00:00+08:00\",\"kind\":\"x.note\"}"), seqs + 1, 3, &n, &err));
  CHECK(n == 1 && seqs[0] == 3 && seqs[1] == 3 && seqs[2] == -1);
  before = entries(ledger);
  CHECK(before == 3);
  for (i = 0; i < sizeof bad / sizeof *bad; i++) {
    char text[512];
    opsl_status status;
    snprintf(text, sizeof text, "%s%s\n", first, bad[i].fact);
    n = 99;
    status = opsl_ledger_append(ledger, opsl_text(text), seqs, 4, &n, &err);
    CHECK(opsl_error_row(err) == 3);
    FAILS(status, bad[i].status, bad[i].words);
    CHECK(n == 99 && entries(ledger) == before);
  }
  /* The batch without its bad line. */
  WORKS(opsl_ledger_append(ledger, opsl_text(first), seqs, 4, &n, &err));
  CHECK(n == 1 && seqs[0] == before + 1);
}

static void reading(const opsl_ledger *ledger)
{
  opsl_buf out = {NULL, 0};
  WORKS(opsl_ledger_read(ledger, 2, 1, &out, &err));
  CHECK(out.ptr != NULL && strncmp(out.ptr, "{\"seq\":2,\"head\":\"2\\t", 20) == 0);
  CHECK(strstr(out.ptr, "\"fact\":{\"at\":\"2026-03-02T02:00:00.000000Z\",\"kind\":\"outage.end\",\"subject\":\"O-1\"}}\n") != NULL);
  opsl_buf_free(&out);
  WORKS(opsl_ledger_read(ledger, 1000, 10, &out, &err));
  CHECK(out.len == 0);
  opsl_buf_free(&out);
  FAILS(opsl_ledger_read(ledger, -1, 1, &out, &err), OPSL_E_OUT_OF_RANGE, "from = -1");
  WORKS(opsl_ledger_sql(ledger, opsl_text("select count(*) as n, 'x' from entry where seq < 3"), &out, &err));
  CHECK(out.ptr != NULL && strcmp(out.ptr, "{\"columns\":[\"n\",\"'x'\"],\"rows\":[[2,\"x\"]]}") == 0);
  opsl_buf_free(&out);
  FAILS(opsl_ledger_sql(ledger, opsl_text("delete from entry"), &out, &err), OPSL_E_NOT_READ_ONLY, "");
  FAILS(opsl_ledger_sql(ledger, opsl_text("selec 1"), &out, &err), OPSL_E_BAD_REQUEST, "selec");
}

static int32_t cancel(int64_t done, int64_t total, void *user)
{
  (void)done;
  (void)total;
  ++*(int *)user;
  return 1;
}

static int32_t go_on(int64_t done, int64_t total, void *user)
{
  CHECK(0 <= done && done <= total);
  ++*(int *)user;
  return 0;
}

static void progress(const opsl_ledger *ledger)
{
  opsl_buf out = {NULL, 0};
  FILE *csv;
  int calls = 0;
  int64_t before = entries(ledger);
  FAILS(opsl_ledger_verify(ledger, cancel, &calls, &out, &err), OPSL_E_CANCELLED, "");
  CHECK(calls == 1 && out.ptr == NULL);
  FAILS(opsl_ledger_snapshot(ledger, opsl_text(path("copy")), cancel, &calls, &err), OPSL_E_CANCELLED, "");
  CHECK(access(path("copy"), F_OK) != 0);
  calls = 0;
  WORKS(opsl_ledger_snapshot(ledger, opsl_text(path("copy")), go_on, &calls, &err));
  CHECK(calls == 2 && access(path("copy"), F_OK) == 0);
  FAILS(opsl_ledger_snapshot(ledger, opsl_text(path("copy")), NULL, NULL, &err), OPSL_E_LEDGER_EXISTS, "copy");

  csv = fopen(path("import.csv"), "w");
  fputs("kind,subject,at,body.system\noutage.start,O-7,2026-03-09 08:00,portal\n", csv);
  fclose(csv);
  FAILS(opsl_ledger_import(ledger, opsl_text("xlsx"), opsl_text(path("import.csv")), opsl_text(""), NULL, NULL, &out, &err), OPSL_E_UNSUPPORTED, "xlsx");
  FAILS(opsl_ledger_import(ledger, opsl_text("csv"), opsl_text(path("none.csv")), opsl_text(""), NULL, NULL, &out, &err), OPSL_E_IO, "none.csv");
  FAILS(opsl_ledger_import(ledger, opsl_text("csv"), opsl_text(path("import.csv")), opsl_text("{}"), NULL, NULL, &out, &err), OPSL_E_NAIVE_TIME, "2");
  FAILS(opsl_ledger_import(ledger, opsl_text("csv"), opsl_text(path("import.csv")), opsl_text("{\"zone\":\"Asia/Shanghai\"}"), cancel, &calls, &out, &err), OPSL_E_CANCELLED, "");
  CHECK(entries(ledger) == before && out.ptr == NULL);
  WORKS(opsl_ledger_import(ledger, opsl_text("csv"), opsl_text(path("import.csv")), opsl_text("{\"zone\":\"Asia/Shanghai\"}"), go_on, &calls, &out, &err));
  CHECK(out.ptr != NULL && strstr(out.ptr, "\"new\":1,\"faults\":[]") != NULL);
  opsl_buf_free(&out);
  WORKS(opsl_ledger_import(ledger, opsl_text("csv"), opsl_text(path("import.csv")), opsl_text("{\"zone\":\"Asia/Shanghai\"}"), NULL, NULL, &out, &err));
  CHECK(out.ptr != NULL && strstr(out.ptr, "\"new\":0") != NULL);
  opsl_buf_free(&out);
  CHECK(entries(ledger) == before + 1);
}

static void files(void)
{
  static const char version[4] = {0, 0, 0, 99};
  opsl_ledger *ledger = NULL;
  opsl_ledger_options options = {0};
  FILE *file;
  options.struct_size = sizeof options;
  FAILS(opsl_ledger_open(opsl_text(path("none")), NULL, &ledger, &err), OPSL_E_NOT_FOUND, "none");
  options.create = 2;
  FAILS(opsl_ledger_open(opsl_text(path("none")), &options, &ledger, &err), OPSL_E_BAD_REQUEST, "create = 2");
  options.create = 0;
  options.wait_limit_us = -1;
  FAILS(opsl_ledger_open(opsl_text(path("none")), &options, &ledger, &err), OPSL_E_OUT_OF_RANGE, "-1");
  file = fopen(path("text"), "w");
  fputs("This is no ledger.\n", file);
  fclose(file);
  FAILS(opsl_ledger_open(opsl_text(path("text")), NULL, &ledger, &err), OPSL_E_NOT_A_LEDGER, "text");

  /* A ledger of a newer version: the version stands at byte 60 of the file, which nobody has open. */
  opsl_ledger_free(open_ledger("newer"));
  file = fopen(path("newer"), "r+b");
  CHECK(file != NULL && fseek(file, 60, SEEK_SET) == 0 && fwrite(version, 4, 1, file) == 1);
  fclose(file);
  FAILS(opsl_ledger_open(opsl_text(path("newer")), NULL, &ledger, &err), OPSL_E_LEDGER_VERSION, "99");
  CHECK(ledger == NULL);

  options.wait_limit_us = 0;
  options.read_only = 1;
  WORKS(opsl_ledger_open(opsl_text(path("copy")), &options, &ledger, &err));
  FAILS(opsl_ledger_append(ledger, opsl_text(OUTAGE), NULL, 0, NULL, &err), OPSL_E_READ_ONLY_FILE, "copy");
  CHECK(entries(ledger) == 4 && sound(ledger));
  opsl_ledger_free(ledger);
}

enum { THREADS = 4, EACH = 25 };

static void *appender(void *ledger)
{
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static int numbers;
  intptr_t bad = 0;
  int i, number;
  pthread_mutex_lock(&lock);
  number = numbers++;
  pthread_mutex_unlock(&lock);
  for (i = 0; i < EACH; i++) {
    char fact[160];
    int64_t seq = -1;
    snprintf(fact, sizeof fact, "{\"kind\":\"x.note\",\"at\":\"2026-03-04T08:00:00Z\",\"key\":\"t%d-%d\"}", number, i);
    if (opsl_ledger_append(ledger, opsl_text(fact), &seq, 1, NULL, NULL) != OPSL_OK || seq < 1)
      bad++;
  }
  return (void *)bad;
}

static void threads(opsl_ledger *ledger)
{
  pthread_t thread[THREADS];
  int64_t before = entries(ledger);
  int i;
  for (i = 0; i < THREADS; i++)
    pthread_create(&thread[i], NULL, appender, ledger);
  for (i = 0; i < THREADS; i++) {
    void *bad;
    pthread_join(thread[i], &bad);
    CHECK(bad == NULL);
  }
  CHECK(entries(ledger) == before + THREADS * EACH);
  CHECK(sound(ledger));
}

/* The child must not use what is the parent's; freeing it there is harmless. */
static void after_fork(opsl_ledger *ledger, opsl_account *account)
{
  int64_t before = entries(ledger);
  char answer = 'x';
  int ends[2];
  pid_t child;
  CHECK(pipe(ends) == 0);
  child = fork();
  if (child == 0) {
    opsl_budget budget = {0};
    int wrong = 0;
    budget.struct_size = sizeof budget;
    wrong |= opsl_ledger_append(ledger, opsl_text(OUTAGE), NULL, 0, NULL, NULL) != OPSL_E_FORKED;
    wrong |= opsl_account_budget(account, OPSL_ABSENT, OPSL_ABSENT, 0, &budget, NULL) != OPSL_E_FORKED;
    opsl_account_free(account);
    opsl_ledger_free(ledger);
    answer = wrong ? 'n' : 'y';
    wrong = write(ends[1], &answer, 1) != 1;
    /* What the library leaves alone here, because it is the parent's, is no leak to report. */
    raise(SIGKILL);
  }
  close(ends[1]);
  CHECK(read(ends[0], &answer, 1) == 1 && answer == 'y');
  close(ends[0]);
  CHECK(waitpid(child, NULL, 0) == child);
  WORKS(opsl_ledger_append(ledger, opsl_text("{\"kind\":\"x.note\",\"at\":\"2026-03-04T08:00:00Z\"}"), NULL, 0, NULL, &err));
  CHECK(entries(ledger) == before + 1);
  CHECK(sound(ledger));
}

static void following(opsl_ledger *ledger)
{
  opsl_contract *contract = NULL;
  opsl_account *account = NULL;
  opsl_budget budget = {0};
  budget.struct_size = sizeof budget;
  FAILS(opsl_account_open(NULL, ledger, &account, &err), OPSL_E_NOT_FOUND, "");
  WORKS(opsl_contract_parse(opsl_text(CONTRACT), &contract, &err));
  WORKS(opsl_account_open(contract, ledger, &account, &err));
  opsl_contract_free(contract);
  WORKS(opsl_account_budget(account, OPSL_ABSENT, OPSL_ABSENT, 0, &budget, &err));
  CHECK(budget.head_seq == entries(ledger) && budget.as_of == budget.known_at && budget.remaining_us < 28800000000);
  FAILS(opsl_account_add(account, opsl_text(OUTAGE), &err), OPSL_E_BAD_REQUEST, "account.add");
  after_fork(ledger, account);
  WORKS(opsl_account_budget(account, OPSL_ABSENT, OPSL_ABSENT, 0, &budget, &err));
  CHECK(budget.head_seq == entries(ledger));
  opsl_account_free(account);
}

static void collect(int32_t level, const char *text, void *user)
{
  if (1 <= level && level <= 5 && text[0] != '\0')
    ++*(int *)user;
}

int main(int argc, char **argv)
{
  opsl_ledger *ledger;
  int lines = 0;
  if (argc != 2)
    return 2;
  snprintf(folder, sizeof folder, "%s", argv[1]);
  WORKS(opsl_log_set(collect, &lines, &err));
  ledger = open_ledger("books");
  refusals(ledger);
  reading(ledger);
  progress(ledger);
  threads(ledger);
  following(ledger);
  opsl_ledger_free(ledger);
  files();
  WORKS(opsl_log_set(NULL, NULL, &err));
  return report();
}
