//! Durations in words, exact to the microsecond.

use super::{HOUR, MINUTE, Micros, SECOND};
use crate::error::Lang;

/// `1 小时 30 分`, `1 h 30 min`, `-0.5 s`.
pub fn words(us: Micros, lang: Lang) -> String {
    let units = match lang {
        Lang::Zh => ["小时", "分", "秒"],
        Lang::En => ["h", "min", "s"],
    };
    let [hour, minute, second] = [HOUR, MINUTE, SECOND].map(Micros::unsigned_abs);
    let size = us.unsigned_abs();
    let (hours, minutes, rest) = (size / hour, size % hour / minute, size % minute);
    let mut parts = Vec::new();
    if hours > 0 {
        parts.push(format!("{hours} {}", units[0]));
    }
    if minutes > 0 {
        parts.push(format!("{minutes} {}", units[1]));
    }
    if rest > 0 || parts.is_empty() {
        let fraction = format!("{:06}", rest % second);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        parts.push(format!("{}{point}{fraction} {}", rest / second, units[2]));
    }
    format!("{}{}", if us < 0 { "-" } else { "" }, parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact() {
        for (us, zh, en) in [
            (0, "0 秒", "0 s"),
            (HOUR, "1 小时", "1 h"),
            (10 * HOUR + 5 * MINUTE, "10 小时 5 分", "10 h 5 min"),
            (-5 * MINUTE, "-5 分", "-5 min"),
            (HOUR - 1, "59 分 59.999999 秒", "59 min 59.999999 s"),
            (90_500_000, "1 分 30.5 秒", "1 min 30.5 s"),
            (i64::MIN, "-2562047788 小时 54.775808 秒", "-2562047788 h 54.775808 s"),
        ] {
            assert_eq!((words(us, Lang::Zh).as_str(), words(us, Lang::En).as_str()), (zh, en));
        }
    }
}
