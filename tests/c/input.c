/* Bad input: each gives its own clear error, writes nothing, and leaves everything usable. */

#include "check.h"

static opsl_str bytes(const char *ptr, size_t len)
{
  opsl_str text;
  text.ptr = ptr;
  text.len = len;
  return text;
}

#define BAD_UTF8 bytes("a\xff", 2)
#define NOTHING bytes(NULL, 0)
#define NO_TEXT bytes(NULL, 3)

static void versions(void)
{
  CHECK(opsl_abi_version() == OPSL_ABI_VERSION);
  CHECK(strcmp(opsl_version(), OPSL_VERSION) == 0);
  CHECK(strstr(opsl_features(), "ledger") != NULL);
  CHECK(OPSL_CATEGORY(OPSL_E_NAIVE_TIME) == OPSL_CATEGORY_INPUT);
  CHECK(OPSL_CATEGORY(OPSL_E_LEDGER_VERSION) == OPSL_CATEGORY_VERSION);
}

static void nothing_to_free(void)
{
  opsl_buf empty = {NULL, 0};
  opsl_buf_free(NULL);
  opsl_buf_free(&empty);
  opsl_error_free(NULL);
  opsl_contract_free(NULL);
  opsl_ledger_free(NULL);
  opsl_account_free(NULL);
  CHECK(opsl_error_code(NULL) == OPSL_OK);
  CHECK(opsl_error_text(NULL, OPSL_LANG_ZH)[0] == '\0');
  CHECK(opsl_error_row(NULL) == OPSL_ABSENT);
}

/* Every pointer that a function needs, NULL in its turn. */
static void null_pointers(const opsl_contract *contract, const opsl_account *account)
{
  int64_t number = 7, start = 0, end = 1;
  char sm3[65];
  opsl_buf out = {NULL, 0};
  opsl_budget budget = {0};
  opsl_head head = {0};
  opsl_columns columns = {0};
  opsl_figures figures;
  opsl_status null = OPSL_E_NULL_POINTER;
  budget.struct_size = sizeof budget;
  head.struct_size = sizeof head;
  columns.struct_size = sizeof columns;

  FAILS(opsl_time_parse(NO_TEXT, &number, &err), null, "text");
  FAILS(opsl_time_parse(opsl_text("2026-03-02T08:10:00Z"), NULL, &err), null, "us");
  FAILS(opsl_time_format(0, NOTHING, NULL, &err), null, "out");
  FAILS(opsl_contract_parse(NO_TEXT, NULL, &err), null, "contract");
  FAILS(opsl_contract_sm3(NULL, sm3, &err), null, "contract");
  FAILS(opsl_contract_sm3(contract, NULL, &err), null, "sm3");
  FAILS(opsl_calendar_between(NULL, opsl_text("7x24"), &start, &end, 1, &number, &err), null, "contract");
  FAILS(opsl_calendar_between(contract, opsl_text("7x24"), NULL, &end, 1, &number, &err), null, "start");
  FAILS(opsl_calendar_between(contract, opsl_text("7x24"), &start, NULL, 1, &number, &err), null, "end");
  FAILS(opsl_calendar_between(contract, opsl_text("7x24"), &start, &end, 1, NULL, &err), null, "us");
  FAILS(opsl_calendar_add(contract, opsl_text("7x24"), &start, &end, 1, NULL, &err), null, "at");
  FAILS(opsl_outages_batch(contract, NULL, &figures, 1, &err), null, "columns");
  columns.n = 1;
  columns.as_of = 0;
  FAILS(opsl_outages_batch(contract, &columns, &figures, 1, &err), null, "system");
  FAILS(opsl_ledger_open(opsl_text("x"), NULL, NULL, &err), null, "ledger");
  FAILS(opsl_ledger_append(NULL, opsl_text(OUTAGE), NULL, 0, NULL, &err), null, "ledger");
  FAILS(opsl_ledger_append(NULL, opsl_text(OUTAGE), NULL, 2, NULL, &err), null, "seqs");
  FAILS(opsl_ledger_head(NULL, &head, &err), null, "ledger");
  FAILS(opsl_ledger_head(NULL, NULL, &err), null, "head");
  FAILS(opsl_ledger_read(NULL, 1, 1, &out, &err), null, "ledger");
  FAILS(opsl_ledger_sql(NULL, opsl_text("select 1"), &out, &err), null, "ledger");
  FAILS(opsl_ledger_import(NULL, opsl_text("csv"), opsl_text("x"), NOTHING, NULL, NULL, &out, &err), null, "ledger");
  FAILS(opsl_ledger_verify(NULL, NULL, NULL, &out, &err), null, "ledger");
  FAILS(opsl_ledger_snapshot(NULL, opsl_text("x"), NULL, NULL, &err), null, "ledger");
  FAILS(opsl_account_open(NULL, NULL, NULL, &err), null, "account");
  FAILS(opsl_account_add(NULL, opsl_text(OUTAGE), &err), null, "account");
  FAILS(opsl_account_budget(NULL, 0, 0, 0, &budget, &err), null, "account");
  FAILS(opsl_account_budget(account, 0, 0, 0, NULL, &err), null, "budget");
  FAILS(opsl_account_assess(NULL, 0, 0, NULL, &out, &err), null, "account");
  FAILS(opsl_account_assess(account, 0, 0, NULL, NULL, &err), null, "out");
  FAILS(opsl_account_report(NULL, NOTHING, NULL, NULL, &out, &err), null, "account");
  /* The details of an error are not always wanted. */
  CHECK(opsl_time_parse(NO_TEXT, &number, NULL) == null);
  CHECK(number == 7 && out.ptr == NULL && budget.as_of == 0 && head.seq == 0);
}

static void both_absent(void)
{
  opsl_account *account = NULL;
  FAILS(opsl_account_open(NULL, NULL, &account, &err), OPSL_E_NULL_POINTER, "contract and ledger");
  CHECK(account == NULL);
}

static void invalid_utf8(const opsl_contract *contract, const opsl_account *account)
{
  opsl_contract *other = NULL;
  opsl_ledger *ledger = NULL;
  int64_t number = 7;
  opsl_buf out = {NULL, 0};
  opsl_status bad = OPSL_E_BAD_UTF8;
  FAILS(opsl_time_parse(BAD_UTF8, &number, &err), bad, "byte 1");
  FAILS(opsl_time_format(0, BAD_UTF8, &out, &err), bad, "zone");
  FAILS(opsl_contract_parse(bytes("id = \"\xc3(\"", 9), &other, &err), bad, "");
  FAILS(opsl_calendar_between(contract, BAD_UTF8, NULL, NULL, 0, NULL, &err), bad, "id");
  FAILS(opsl_ledger_open(BAD_UTF8, NULL, &ledger, &err), bad, "path");
  FAILS(opsl_account_add(account, BAD_UTF8, &err), bad, "jsonl");
  FAILS(opsl_account_report(account, BAD_UTF8, NULL, NULL, &out, &err), bad, "json");
  CHECK(other == NULL && ledger == NULL && out.ptr == NULL && number == 7);
}

static void contracts(void)
{
  opsl_contract *contract = NULL;
  char text[2048];
  snprintf(text, sizeof text, "%smx = \"1h\"\n", CONTRACT);
  FAILS(opsl_contract_parse(opsl_text(text), &contract, &err), OPSL_E_CONTRACT_KEY, "mx");
  snprintf(text, sizeof text, "%s[[clause]]\nid = \"s\"\nrule = \"streak\"\nof = \"downtimes\"\nlength = 3\n", CONTRACT);
  FAILS(opsl_contract_parse(opsl_text(text), &contract, &err), OPSL_E_CONTRACT_REFERENCE, "downtimes");
  FAILS(opsl_contract_parse(opsl_text("format = \n"), &contract, &err), OPSL_E_CONTRACT_SYNTAX, "1");
  FAILS(opsl_contract_parse(opsl_text("format = 2\n"), &contract, &err), OPSL_E_CONTRACT_FORMAT, "2");
  FAILS(opsl_contract_parse(NOTHING, &contract, &err), OPSL_E_CONTRACT_MISSING, "");
  CHECK(contract == NULL);
}

static void times(const opsl_contract *contract)
{
  int64_t us = 7, start[2] = {0, 0}, end[2] = {1, 1};
  opsl_buf out = {NULL, 0};
  FAILS(opsl_time_parse(opsl_text("2026-03-02T08:10:00"), &us, &err), OPSL_E_NAIVE_TIME, "2026-03-02T08:10:00");
  FAILS(opsl_time_parse(opsl_text("yesterday"), &us, &err), OPSL_E_BAD_TIME, "yesterday");
  FAILS(opsl_time_parse(NOTHING, &us, &err), OPSL_E_BAD_TIME, "");
  FAILS(opsl_time_format(INT64_MAX, NOTHING, &out, &err), OPSL_E_OUT_OF_RANGE, "9223372036854775807");
  FAILS(opsl_time_format(0, opsl_text("Asia/Shanghi"), &out, &err), OPSL_E_BAD_ZONE, "Asia/Shanghi");
  CHECK(us == 7 && out.ptr == NULL);
  WORKS(opsl_time_parse(opsl_text("2026-03-02T08:10:00.5+08:00"), &us, &err));
  WORKS(opsl_time_format(us, NOTHING, &out, &err));
  CHECK(strcmp(out.ptr, "2026-03-02T00:10:00.500000Z") == 0 && out.len == 27);
  opsl_buf_free(&out);
  opsl_buf_free(&out);

  FAILS(opsl_calendar_between(contract, opsl_text("7x9"), start, end, 2, start, &err), OPSL_E_NOT_FOUND, "7x9");
  WORKS(opsl_time_parse(opsl_text("2031-03-02T08:10:00Z"), &end[1], &err));
  start[1] = us;
  start[0] = us;
  end[0] = us + 1;
  FAILS(opsl_calendar_between(contract, opsl_text("workdays"), start, end, 2, start, &err), OPSL_E_NO_SCHEDULE, "2027");
  CHECK(start[0] == us && start[1] == us);
  /* The answer may go where the question came from. */
  end[1] = us + 3600000000;
  WORKS(opsl_calendar_between(contract, opsl_text("7x24"), start, end, 2, start, &err));
  CHECK(start[0] == 1 && start[1] == 3600000000);
  WORKS(opsl_calendar_add(contract, opsl_text("7x24"), end, start, 2, end, &err));
  CHECK(end[0] == us + 2 && end[1] == us + 7200000000);
  WORKS(opsl_calendar_add(contract, opsl_text("7x24"), NULL, NULL, 0, NULL, &err));
}

static void facts(const opsl_account *account)
{
  static const char *const lines[] = {
    "{\"kind\":\"outage.start\",\"subject\":\"O-9\",\"at\":\"2026-03-05T08:00:00\",\"body\":{\"system\":\"p\"}}",
    "{\"kind\":\"outage.strat\",\"subject\":\"O-9\",\"at\":\"2026-03-05T08:00:00Z\"}",
    "{\"kind\":\"outage.start\",\"subject\":\"O-9\",\"at\":\"2026-03-05T08:00:00Z\",\"body\":{\"system\":1.5}}",
    "{",
    "{\"kind\":\"outage.start\",\"subject\":\"O-9\",\"at\":\"2026-03-01T08:00:00Z\",\"body\":{\"system\":\"p\"}}",
  };
  static const opsl_status statuses[] = {
    OPSL_E_NAIVE_TIME, OPSL_E_UNKNOWN_KIND, OPSL_E_NOT_INTEGER, OPSL_E_BAD_JSON, OPSL_E_NOT_IN_ORDER,
  };
  opsl_buf before = {NULL, 0}, after = {NULL, 0};
  size_t i;
  WORKS(opsl_account_add(account, opsl_text(OUTAGE), &err));
  WORKS(opsl_account_assess(account, OPSL_ABSENT, OPSL_ABSENT, NULL, &before, &err));
  for (i = 0; i < sizeof lines / sizeof *lines; i++) {
    char text[512];
    opsl_status status;
    snprintf(text, sizeof text, "{\"kind\":\"x.note\",\"at\":\"2026-03-05T07:00:00Z\"}\n\n%s\n", lines[i]);
    status = opsl_account_add(account, opsl_text(text), &err);
    CHECK(opsl_error_row(err) == 3);
    FAILS(status, statuses[i], "3");
  }
  WORKS(opsl_account_assess(account, OPSL_ABSENT, OPSL_ABSENT, NULL, &after, &err));
  CHECK(before.len == after.len && memcmp(before.ptr, after.ptr, before.len) == 0);
  CHECK(strlen(after.ptr) == after.len);
  opsl_buf_free(&before);
  opsl_buf_free(&after);
}

static void questions(const opsl_account *account)
{
  opsl_budget budget = {0};
  opsl_assess_options options = {0};
  opsl_buf out = {NULL, 0};
  struct {
    opsl_assess_options known;
    int64_t newer;
  } newer = {{0}, 0};
  FAILS(opsl_account_budget(account, 0, 0, 0, &budget, &err), OPSL_E_BAD_REQUEST, "sizeof(opsl_budget)");
  budget.struct_size = sizeof budget;
  FAILS(opsl_account_budget(account, 2, 1, 0, &budget, &err), OPSL_E_AS_OF_AFTER_KNOWN_AT, "");
  FAILS(opsl_account_budget(account, 1, 2, 2, &budget, &err), OPSL_E_BAD_REQUEST, "view 2");
  CHECK(budget.as_of == 0 && budget.struct_size == sizeof budget);
  FAILS(opsl_account_assess(account, 0, 0, &options, &out, &err), OPSL_E_BAD_REQUEST, "sizeof(opsl_assess_options)");
  newer.known.struct_size = sizeof newer;
  WORKS(opsl_account_assess(account, OPSL_ABSENT, OPSL_ABSENT, &newer.known, &out, &err));
  opsl_buf_free(&out);
  newer.newer = 1;
  FAILS(opsl_account_assess(account, 0, 0, &newer.known, &out, &err), OPSL_E_UNSUPPORTED, "opsl_assess_options");
  options.struct_size = sizeof options;
  options.head = -1;
  FAILS(opsl_account_assess(account, 0, 0, &options, &out, &err), OPSL_E_OUT_OF_RANGE, "-1");
  FAILS(opsl_account_report(account, opsl_text("{\"fromat\":\"html\"}"), NULL, NULL, &out, &err), OPSL_E_BAD_REQUEST, "fromat");
  FAILS(opsl_account_report(account, opsl_text("{\"format\":\"docx\"}"), NULL, NULL, &out, &err), OPSL_E_BAD_REQUEST, "docx");
  FAILS(opsl_account_report(account, opsl_text("{\"as_of\":\"2026-03-05\"}"), NULL, NULL, &out, &err), OPSL_E_NAIVE_TIME, "2026-03-05");
  WORKS(opsl_account_report(account, opsl_text("{\"lang\":\"zh\"}"), NULL, NULL, &out, &err));
  CHECK(out.ptr != NULL && strstr(out.ptr, "<html") != NULL);
  opsl_buf_free(&out);
  /* A program built with an older header gets what it knows. */
  budget.struct_size = offsetof(opsl_budget, status);
  budget.status = 77;
  WORKS(opsl_account_budget(account, OPSL_ABSENT, OPSL_ABSENT, OPSL_VIEW_CLAIMED, &budget, &err));
  CHECK(budget.as_of != 0 && budget.status == 77);
  budget.struct_size = sizeof budget;
  WORKS(opsl_account_budget(account, OPSL_ABSENT, OPSL_ABSENT, OPSL_VIEW_AGREED, &budget, &err));
  CHECK(budget.status != 77 && budget.downtime_us == 7200000000 && budget.long_count == -1 && budget.head_seq == OPSL_ABSENT);
}

static void columns(const opsl_contract *contract)
{
  int32_t system[2] = {0, 1};
  int64_t start[2] = {0, 0}, end[2] = {7200000000, 60000000};
  opsl_figures figures[2];
  opsl_columns c = {0};
  c.struct_size = sizeof c;
  c.n = 2;
  c.system = system;
  c.start = start;
  c.end = end;
  c.period_start = 0;
  c.period_end = 86400000000;
  c.as_of = 86400000000;
  c.long_from = OPSL_ABSENT;
  FAILS(opsl_outages_batch(NULL, &c, figures, 2, &err), OPSL_E_BAD_REQUEST, "long_from");
  WORKS(opsl_outages_batch(contract, &c, figures, 2, &err));
  CHECK(figures[0].long_count == 1 && figures[0].short_count == 0 && figures[0].downtime_us == 7200000000);
  CHECK(figures[1].long_count == 0 && figures[1].short_count == 1 && figures[1].downtime_us == 60000000);
  system[1] = 2;
  FAILS(opsl_outages_batch(contract, &c, figures, 2, &err), OPSL_E_OUT_OF_RANGE, "2");
  system[1] = 1;
  end[1] = -1;
  FAILS(opsl_outages_batch(contract, &c, figures, 2, &err), OPSL_E_END_BEFORE_START, "2");
}

int main(void)
{
  opsl_contract *contract = NULL;
  opsl_account *account = NULL;
  char sm3[65];
  versions();
  nothing_to_free();
  WORKS(opsl_contract_parse(opsl_text(CONTRACT), &contract, &err));
  WORKS(opsl_contract_sm3(contract, sm3, &err));
  CHECK(strlen(sm3) == 64 && strspn(sm3, "0123456789abcdef") == 64);
  WORKS(opsl_account_open(contract, NULL, &account, &err));
  null_pointers(contract, account);
  both_absent();
  invalid_utf8(contract, account);
  contracts();
  times(contract);
  facts(account);
  questions(account);
  columns(contract);
  opsl_contract_free(contract);
  WORKS(opsl_account_add(account, opsl_text("{\"kind\":\"x.note\",\"at\":\"2026-03-06T07:00:00Z\"}"), &err));
  opsl_account_free(account);
  return report();
}
