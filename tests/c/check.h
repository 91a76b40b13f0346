/* Counts what holds and what does not. */

#ifndef CHECK_H
#define CHECK_H

#include <opsledger.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int passed, failed;

#define CHECK(condition)                                                                        \
  ((condition) ? (void)passed++                                                                 \
               : (void)(failed++, printf("%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition)))

/* The call fails with this status, its error says the same, and its text, in both languages, holds these words. */
#define FAILS(call, status, words) check_error((call), (status), (words), #call, __LINE__)

/* The call succeeds and leaves no error. */
#define WORKS(call) check_ok((call), #call, __LINE__)

static opsl_error *err = NULL;

static inline void check_ok(opsl_status got, const char *call, int line)
{
  if (got == OPSL_OK && err == NULL) {
    passed++;
    return;
  }
  failed++;
  printf("line %d: %s: status %d: %s\n", line, call, got, opsl_error_text(err, OPSL_LANG_EN));
  opsl_error_free(err);
  err = NULL;
}

static inline void check_error(opsl_status got, opsl_status status, const char *words, const char *call, int line)
{
  const char *en = opsl_error_text(err, OPSL_LANG_EN), *zh = opsl_error_text(err, OPSL_LANG_ZH);
  if (got == status && opsl_error_code(err) == status && strstr(en, words) != NULL && strstr(zh, words) != NULL &&
      strcmp(en, zh) != 0) {
    passed++;
  } else {
    failed++;
    printf("line %d: %s: status %d for %d: %s / %s\n", line, call, got, status, en, zh);
  }
  opsl_error_free(err);
  err = NULL;
}

static inline int report(void)
{
  printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}

static const char CONTRACT[] = "format = 1\n"
                               "id = \"c\"\n"
                               "title = \"t\"\n"
                               "timezone = \"Asia/Shanghai\"\n"
                               "period = { start = \"2026-01-01\", end = \"2026-12-31\" }\n"
                               "[[calendar]]\n"
                               "id = \"workdays\"\n"
                               "open = { workday = [\"09:00-17:00\"] }\n"
                               "holidays = \"CN\"\n"
                               "[[clause]]\n"
                               "id = \"downtime\"\n"
                               "rule = \"downtime\"\n"
                               "max = \"10h\"\n";

static const char OUTAGE[] = "{\"kind\":\"outage.start\",\"subject\":\"O-1\",\"at\":\"2026-03-02T08:00:00+08:00\","
                             "\"body\":{\"system\":\"portal\"}}\n"
                             "{\"kind\":\"outage.end\",\"subject\":\"O-1\",\"at\":\"2026-03-02T10:00:00+08:00\"}\n";

#endif
