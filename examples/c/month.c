/*
 * A month of a contract: read it, record the month's facts in a ledger, and print how the contract stands at the month's end.
 *
 *   cc month.c $(pkg-config --cflags --libs opsledger) -o month
 *   ./month ../month month.ledger
 */

#include <opsledger.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Every call that can fail goes through here: it says what was wrong and ends the program. */
static void check(opsl_error *err)
{
  if (err != NULL) {
    fprintf(stderr, "%s\n", opsl_error_text(err, OPSL_LANG_EN));
    opsl_error_free(err);
    exit(1);
  }
}

static char *read_file(const char *folder, const char *name, opsl_str *text)
{
  char path[1024];
  char *bytes;
  long size;
  FILE *file;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0) {
    perror(path);
    exit(1);
  }
  rewind(file);
  bytes = malloc((size_t)size + 1);
  if (bytes == NULL || fread(bytes, 1, (size_t)size, file) != (size_t)size) {
    perror(path);
    exit(1);
  }
  fclose(file);
  text->ptr = bytes;
  text->len = (size_t)size;
  return bytes;
}

static void print_duration(int64_t us)
{
  int64_t s = us / 1000000;
  printf("%" PRId64 ":%02d:%02d", s / 3600, (int)(s / 60 % 60), (int)(s % 60));
}

static void print_instant(const char *name, int64_t us)
{
  opsl_error *err = NULL;
  opsl_buf text;
  if (us == OPSL_ABSENT) {
    printf("%-15s none\n", name);
    return;
  }
  opsl_time_format(us, opsl_text("Asia/Shanghai"), &text, &err);
  check(err);
  printf("%-15s %s\n", name, text.ptr);
  opsl_buf_free(&text);
}

/* Prints id and status of each clause. A host has a JSON library for the document; this example only looks for two keys. */
static void print_clauses(const char *document)
{
  static const char id_key[] = "{\"id\":\"", status_key[] = "\"status\":\"";
  const char *end = strstr(document, "\"outages\":{\"episodes\"");
  const char *at = strstr(document, "\"clauses\":[");
  while (at != NULL && (at = strstr(at, id_key)) != NULL && at < end) {
    const char *id = at + sizeof id_key - 1;
    const char *status = strstr(id, status_key) + sizeof status_key - 1;
    printf("%-26.*s %.*s\n", (int)strcspn(id, "\""), id, (int)strcspn(status, "\""), status);
    at = status;
  }
}

static void print_budget(const opsl_account *account, int64_t as_of)
{
  static const char *const verdicts[] = {"not-due", "met", "waived", "at-risk", "no-evidence", "breached"};
  opsl_error *err = NULL;
  opsl_budget budget = {0};
  budget.struct_size = sizeof budget;
  opsl_account_budget(account, as_of, as_of, OPSL_VIEW_AGREED, &budget, &err);
  check(err);
  print_instant("as of:", budget.as_of);
  printf("%-15s %s\n", "status:", verdicts[budget.status]);
  printf("%-15s %d of %d\n", "long outages:", budget.long_count, budget.long_max);
  printf("%-15s %d of %d\n", "short outages:", budget.short_count, budget.short_max);
  printf("%-15s ", "downtime:");
  print_duration(budget.downtime_us);
  printf(" of ");
  print_duration(budget.downtime_max_us);
  printf("\n%-15s ", "remaining:");
  print_duration(budget.remaining_us);
  printf("\n");
  print_instant("next breach:", budget.next_breach_at);
}

/* Facts that were typed in today are known from today on: the ledger proves that, and keeps them for good. */
static void record(const char *path, opsl_str facts)
{
  opsl_error *err = NULL;
  opsl_ledger *ledger;
  opsl_ledger_options options = {0};
  opsl_buf verdict;
  opsl_head head = {0};
  options.struct_size = sizeof options;
  options.create = 1;
  head.struct_size = sizeof head;
  opsl_ledger_open(opsl_text(path), &options, &ledger, &err);
  check(err);
  opsl_ledger_append(ledger, facts, NULL, 0, NULL, &err);
  check(err);
  opsl_ledger_head(ledger, &head, &err);
  check(err);
  opsl_ledger_verify(ledger, NULL, NULL, &verdict, &err);
  check(err);
  printf("%-15s %" PRId64 " entries, %s\n", "ledger:", head.seq,
         strstr(verdict.ptr, "\"ok\":true") != NULL ? "sound" : "broken");
  opsl_buf_free(&verdict);
  opsl_ledger_free(ledger);
}

int main(int argc, char **argv)
{
  opsl_error *err = NULL;
  opsl_contract *contract;
  opsl_account *account;
  opsl_buf document;
  opsl_str toml, facts;
  char *toml_bytes, *facts_bytes;
  int64_t as_of;

  if (argc != 3) {
    fprintf(stderr, "usage: month FOLDER LEDGER\n");
    return 2;
  }
  toml_bytes = read_file(argv[1], "contract.toml", &toml);
  facts_bytes = read_file(argv[1], "facts.jsonl", &facts);
  opsl_time_parse(opsl_text("2026-04-01T00:00:00+08:00"), &as_of, &err);
  check(err);
  opsl_contract_parse(toml, &contract, &err);
  check(err);

  /* The figures of the month as it was known at its end. */
  opsl_account_open(contract, NULL, &account, &err);
  check(err);
  opsl_account_add(account, facts, &err);
  check(err);
  print_budget(account, as_of);
  record(argv[2], facts);
  opsl_account_assess(account, as_of, as_of, NULL, &document, &err);
  check(err);
  printf("\n");
  print_clauses(document.ptr);

  opsl_buf_free(&document);
  opsl_account_free(account);
  opsl_contract_free(contract);
  free(facts_bytes);
  free(toml_bytes);
  return 0;
}
