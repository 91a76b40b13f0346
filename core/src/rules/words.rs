//! Durations in words, exact to the microsecond.

use crate::time::{HOUR, MINUTE, Micros, SECOND};

fn words(us: Micros, units: [&str; 3], blank: &str) -> String {
    let (hours, minutes, rest) = (us / HOUR, us % HOUR / MINUTE, us % MINUTE);
    let mut parts = Vec::new();
    if hours > 0 {
        parts.push(format!("{hours}{blank}{}", units[0]));
    }
    if minutes > 0 {
        parts.push(format!("{minutes}{blank}{}", units[1]));
    }
    if rest > 0 || parts.is_empty() {
        let fraction = format!("{:06}", rest % SECOND);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        parts.push(format!("{}{point}{fraction}{blank}{}", rest / SECOND, units[2]));
    }
    parts.join(blank)
}

/// `1 小时 30 分`.
pub(crate) fn zh(us: Micros) -> String {
    words(us, ["小时", "分", "秒"], " ")
}

/// `1 h 30 min`.
pub(crate) fn en(us: Micros) -> String {
    words(us, ["h", "min", "s"], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact() {
        assert_eq!(zh(HOUR), "1 小时");
        assert_eq!(en(10 * HOUR + 5 * MINUTE), "10 h 5 min");
        assert_eq!(en(0), "0 s");
        assert_eq!(en(HOUR - 1), "59 min 59.999999 s");
        assert_eq!(zh(90_500_000), "1 分 30.5 秒");
    }
}
