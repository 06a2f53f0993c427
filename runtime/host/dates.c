#include "cell.h"
#include "dates.h"
#include <string.h>
#include "core/arith.h"

struct moment {
    int year, month, day, hour, minute, second;
    int32_t fraction;                   /* of the second, in millionths */
    int has_date, has_time;
};

/* `digits` digits as a number, -1 where they are not there; moves on. */
static int take(const char **at, int digits)
{
    int value = 0;
    for (int i = 0; i < digits; i++, ++*at) {
        if (**at < '0' || **at > '9')
            return -1;
        value = value * 10 + (**at - '0');
    }
    return value;
}

static int take_byte(const char **at, char byte)
{
    *at += **at == byte;
    return (*at)[-1] == byte;
}

static int is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_before(int year, int month)
{
    static const int days[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365 };
    return days[month - 1] + (month > 2 && is_leap(year));
}

static int days_of(int year, int month)
{
    return month == 12 ? 31 : days_before(year, month + 1) - days_before(year, month);
}

static int take_date(const char **at, struct moment *m)
{
    m->year = take(at, 4);
    int good = m->year > 0 && take_byte(at, '-') && (m->month = take(at, 2)) > 0 &&
               take_byte(at, '-') && (m->day = take(at, 2)) > 0;
    m->has_date = 1;
    return good && m->month <= 12 && m->day <= days_of(m->year, m->month);
}

/* Digits behind the sixth of a fraction are left out. */
static void take_fraction(const char **at, struct moment *m)
{
    int32_t unit = 100000;
    for (; **at >= '0' && **at <= '9'; ++*at, unit /= 10)
        m->fraction += (**at - '0') * unit;
}

static int take_time(const char **at, struct moment *m)
{
    m->hour = take(at, 2);
    int good = m->hour >= 0 && take_byte(at, ':') && (m->minute = take(at, 2)) >= 0;
    if (good && **at == ':') {
        ++*at;
        good = (m->second = take(at, 2)) >= 0;
        if (good && (**at == '.' || **at == ',') && (*at)[1] >= '0' && (*at)[1] <= '9') {
            ++*at;
            take_fraction(at, m);
        }
    }
    *at += good && **at == 'Z';
    m->has_time = 1;
    return good && m->hour < 24 && m->minute < 60 && m->second < 60;
}

static int scan(const char *text, struct moment *m)
{
    const char *at = text + strspn(text, " \t");
    int good = 1;
    if (strlen(at) > 4 && at[4] == '-')
        good = take_date(&at, m);
    if (good && m->has_date && (*at == 'T' || (*at == ' ' && at[1] >= '0' && at[1] <= '9'))) {
        at++;
        good = take_time(&at, m);
    } else if (good && !m->has_date) {
        good = take_time(&at, m);
    }
    return good && at[strspn(at, " \t")] == 0;
}

/* Days since 1970-01-01, of years from 1 on. */
static int32_t count_days(const struct moment *m)
{
    int before = m->year - 1;
    return before * 365 + before / 4 - before / 100 + before / 400 +
           days_before(m->year, m->month) + m->day - 1 - 719162;
}

/* Whole seconds are exact, and so are they with what one rounding of millionths adds. */
static float seconds(const struct moment *m)
{
    float whole = (float)(m->hour * 3600 + m->minute * 60 + m->second);
    return inv_add(whole, inv_div((float)m->fraction, 1e6f));
}

const char *inv_date_read(const char *text, enum inv_cell_form form, float *value)
{
    struct moment m = { .year = 0 };
    if (!scan(text, &m))
        return "is no date or time; expected one such as 2024-05-17, 13:45:07 or "
               "2024-05-17T13:45:07, without a zone or with Z";
    if (form == INV_CELL_SECONDS ? !m.has_time : !m.has_date)
        return form == INV_CELL_SECONDS ? "has no time of day" : "has no date";
    int32_t days = m.has_date ? count_days(&m) : 0;
    switch (form) {
    case INV_CELL_DAYS: *value = (float)days; break;
    case INV_CELL_SECONDS: *value = seconds(&m); break;
    case INV_CELL_WEEKDAY: *value = (float)(((days + 3) % 7 + 7) % 7); break;
    case INV_CELL_MONTH: *value = (float)m.month; break;
    case INV_CELL_YEAR: *value = (float)m.year; break;
    default: *value = (float)(days_before(m.year, m.month) + m.day); break;
    }
    return NULL;
}
