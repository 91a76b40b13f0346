/* Answers the requests of tests/cross/cases.py through the C interface. */

#include <opsledger.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void reply(const char *word, const char *bytes, size_t len)
{
  printf("%s %zu\n", word, len);
  fwrite(bytes, 1, len, stdout);
  fflush(stdout);
}

/* Prints an error of the library and frees it; 0 when there is none. */
static int failed(opsl_error **err)
{
  const char *text;
  char status[16];
  if (*err == NULL)
    return 0;
  text = opsl_error_text(*err, OPSL_LANG_EN);
  snprintf(status, sizeof status, "%d ", opsl_error_code(*err));
  printf("error %zu\n%s%s", strlen(status) + strlen(text), status, text);
  fflush(stdout);
  opsl_error_free(*err);
  *err = NULL;
  return 1;
}

static int instant(const char *text, int64_t *us, opsl_error **err)
{
  return opsl_time_parse(opsl_text(text), us, err) == OPSL_OK;
}

static void line(char **to, const char *name, int64_t value, int64_t absent)
{
  if (value != absent)
    *to += sprintf(*to, "%s %" PRId64 "\n", name, value);
}

static void reply_budget(const opsl_budget *b)
{
  char text[1024], *to = text;
  line(&to, "as_of", b->as_of, OPSL_ABSENT);
  line(&to, "known_at", b->known_at, OPSL_ABSENT);
  line(&to, "status", b->status, -1);
  line(&to, "long_count", b->long_count, -1);
  line(&to, "long_max", b->long_max, -1);
  line(&to, "short_count", b->short_count, -1);
  line(&to, "short_max", b->short_max, -1);
  line(&to, "pending_count", b->pending_count, -1);
  line(&to, "downtime_us", b->downtime_us, OPSL_ABSENT);
  line(&to, "downtime_max_us", b->downtime_max_us, OPSL_ABSENT);
  line(&to, "remaining_us", b->remaining_us, OPSL_ABSENT);
  line(&to, "next_breach_at", b->next_breach_at, OPSL_ABSENT);
  line(&to, "head_seq", b->head_seq, OPSL_ABSENT);
  reply("ok", text, (size_t)(to - text));
}

static void reply_number(int64_t value)
{
  char text[32];
  reply("ok", text, (size_t)sprintf(text, "%" PRId64, value));
}

static char *payload(size_t len)
{
  char *bytes = malloc(len + 1);
  if (bytes == NULL || fread(bytes, 1, len, stdin) != len)
    exit(2);
  return bytes;
}

/* The fact that is stored last: the rest of the line after "fact": without its brace. */
static void reply_stored(const opsl_ledger *ledger, int64_t seq, opsl_error **err)
{
  static const char key[] = ",\"fact\":";
  opsl_buf out;
  if (opsl_ledger_read(ledger, seq, 1, &out, err) == OPSL_OK) {
    const char *fact = strstr(out.ptr, key) + sizeof key - 1;
    reply("ok", fact, (size_t)(out.ptr + out.len - fact) - 2);
    opsl_buf_free(&out);
  }
}

static void append(opsl_ledger *ledger, opsl_str facts, opsl_error **err)
{
  int64_t seqs[16];
  size_t n;
  if (opsl_ledger_append(ledger, facts, seqs, 16, &n, err) == OPSL_OK)
    reply_stored(ledger, seqs[n - 1], err);
  failed(err);
}

int main(int argc, char **argv)
{
  opsl_ledger *ledger = NULL;
  opsl_ledger_options options = {0};
  opsl_contract *contract = NULL;
  opsl_account *account = NULL;
  opsl_error *err = NULL;
  char head[512], verb[16], a[128], b[128], c[128];

  options.struct_size = sizeof options;
  options.create = 1;
  if (argc != 2 || opsl_ledger_open(opsl_text(argv[1]), &options, &ledger, NULL) != OPSL_OK)
    return 2;
  while (fgets(head, sizeof head, stdin) != NULL) {
    int words = sscanf(head, "%15s %127s %127s %127s", verb, a, b, c);
    if (words == 2) {
      opsl_str text;
      char *bytes;
      text.len = strtoul(a, NULL, 10);
      text.ptr = bytes = payload(text.len);
      if (strcmp(verb, "append") == 0) {
        append(ledger, text, &err);
        free(bytes);
        continue;
      }
      if (strcmp(verb, "contract") == 0) {
        opsl_contract_free(contract);
        contract = NULL;
        opsl_contract_parse(text, &contract, &err);
      } else {
        opsl_account_free(account);
        account = NULL;
        if (opsl_account_open(contract, NULL, &account, &err) == OPSL_OK)
          opsl_account_add(account, text, &err);
      }
      free(bytes);
      if (!failed(&err))
        reply("ok", "", 0);
    } else if (words == 4 && (strcmp(verb, "assess") == 0 || strcmp(verb, "budget") == 0)) {
      int64_t as_of, known_at;
      int32_t view = strcmp(c, "claimed") == 0 ? OPSL_VIEW_CLAIMED : OPSL_VIEW_AGREED;
      if (!instant(a, &as_of, &err) || !instant(b, &known_at, &err)) {
        failed(&err);
      } else if (verb[0] == 'a') {
        opsl_assess_options options = {0, 0, 0, 0};
        opsl_buf out;
        options.struct_size = sizeof options;
        options.view = view;
        if (opsl_account_assess(account, as_of, known_at, &options, &out, &err) == OPSL_OK) {
          reply("ok", out.ptr, out.len);
          opsl_buf_free(&out);
        }
        failed(&err);
      } else {
        opsl_budget budget;
        budget.struct_size = sizeof budget;
        if (opsl_account_budget(account, as_of, known_at, view, &budget, &err) == OPSL_OK)
          reply_budget(&budget);
        failed(&err);
      }
    } else if (words == 4) {
      int64_t start, other = 0, answer;
      if (!instant(b, &start, &err)) {
        failed(&err);
      } else if (strcmp(verb, "between") == 0) {
        if (instant(c, &other, &err) &&
            opsl_calendar_between(contract, opsl_text(a), &start, &other, 1, &answer, &err) == OPSL_OK)
          reply_number(answer);
        failed(&err);
      } else {
        other = strtoll(c, NULL, 10);
        if (opsl_calendar_add(contract, opsl_text(a), &start, &other, 1, &answer, &err) == OPSL_OK)
          reply_number(answer);
        failed(&err);
      }
    } else {
      return 2;
    }
  }
  opsl_account_free(account);
  opsl_contract_free(contract);
  opsl_ledger_free(ledger);
  return 0;
}
