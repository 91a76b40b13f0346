//! Exact decimals as facts write them.

use crate::error::{Code, Result, err};
use std::fmt;

/// Most digits, leading zero not counted.
pub const MAX_DIGITS: u32 = 18;
/// Most digits after the point.
pub const MAX_SCALE: u32 = 9;

/// `units / 10^scale`, in its only form: no trailing zero after the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// The digits as an integer.
    pub units: i64,
    /// Digits after the point, at most [`MAX_SCALE`].
    pub scale: u32,
}

impl Decimal {
    /// Reads `93.5`: no exponent, plus, leading or trailing zero or `-0`; at most 18 digits, 9 of them after the point.
    ///
    /// # Errors
    /// `bad-decimal`.
    pub fn parse(text: &str) -> Result<Decimal> {
        let bad = || err(Code::BadDecimal, format!("{text:?}"));
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || (whole.len() > 1 && whole.starts_with('0')) {
            return bad();
        }
        if unsigned.contains('.') && (!digits(fraction) || fraction.ends_with('0')) {
            return bad();
        }
        let counted = fraction.len() + if whole == "0" { 0 } else { whole.len() };
        if counted > MAX_DIGITS as usize || fraction.len() > MAX_SCALE as usize {
            return bad();
        }
        let magnitude = format!("{whole}{fraction}").parse::<i64>();
        match magnitude {
            Ok(0) if text.starts_with('-') => bad(),
            Ok(m) => Ok(Decimal {
                units: if text.starts_with('-') { -m } else { m },
                scale: fraction.len() as u32,
            }),
            Err(_) => bad(),
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let one = 10u64.pow(self.scale.min(MAX_DIGITS));
        let magnitude = self.units.unsigned_abs();
        write!(f, "{sign}{}", magnitude / one)?;
        if self.scale > 0 {
            write!(f, ".{:0width$}", magnitude % one, width = self.scale as usize)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_form() {
        for good in
            ["0", "93.5", "-93.5", "0.000000001", "-0.5", "123456789012345678", "123456789.123456789", "10"]
        {
            assert_eq!(Decimal::parse(good).unwrap().to_string(), good);
        }
        for bad in [
            "",
            "-",
            "+1",
            "1e3",
            "1.50",
            "1.",
            ".5",
            "-0",
            "-0.0",
            "0.0",
            "01",
            "1.0",
            "1234567890123456789",
            "0.0000000001",
            "1234567890.123456789",
            "１",
            "1_0",
            " 1",
            "NaN",
        ] {
            assert_eq!(Decimal::parse(bad).unwrap_err().code(), Code::BadDecimal, "{bad}");
        }
    }
}
