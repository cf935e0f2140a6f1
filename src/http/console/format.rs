//! Formats numbers and times for people.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A time, for people and for `<time datetime>`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moment {
    /// `22 Nov 2026, 16:47` in the machine's time zone.
    pub shown: String,
    /// RFC 3339, in UTC.
    pub iso: String,
}

/// Formats Unix milliseconds; empty if they are out of range.
pub fn moment(ms: i64) -> Moment {
    let Ok(at) = Timestamp::from_millisecond(ms) else {
        return Moment::default();
    };
    let local = at.to_zoned(TimeZone::system());
    Moment {
        shown: local.strftime("%-d %b %Y, %H:%M").to_string(),
        iso: at.to_string(),
    }
}

/// Bytes with three significant digits at most: `950 bytes`, `1.4 MB`, `64 MB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if count < 1000 {
        return plural(count, "byte", "bytes");
    }
    let mut value = count as f64;
    let mut unit = "";
    for next in UNITS {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    if value < 9.95 {
        format!("{value:.1} {unit}")
    } else {
        format!("{value:.0} {unit}")
    }
}

/// A limit in bytes, which people set in powers of two: 67108864 is `64 MB`.
pub fn limit(count: u64) -> String {
    if count >= 1 << 20 && count.is_multiple_of(1 << 20) {
        format!("{} MB", count >> 20)
    } else {
        bytes(count)
    }
}

/// `1 page`, `2 pages`.
pub fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// `December 2026`, of UTC.
pub fn month(ms: i64) -> String {
    Timestamp::from_millisecond(ms)
        .map(|at| at.to_zoned(TimeZone::UTC).strftime("%B %Y").to_string())
        .unwrap_or_default()
}

/// `40 seconds`, `3 hours`, `12 days`.
pub fn uptime(seconds: u64) -> String {
    match seconds {
        0..120 => plural(seconds, "second", "seconds"),
        120..7_200 => plural(seconds / 60, "minute", "minutes"),
        7_200..172_800 => plural(seconds / 3_600, "hour", "hours"),
        _ => plural(seconds / 86_400, "day", "days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_at_most_three_digits() {
        for (count, shown) in [
            (0, "0 bytes"),
            (1, "1 byte"),
            (999, "999 bytes"),
            (1_000, "1.0 KB"),
            (9_960, "10 KB"),
            (999_600, "1.0 MB"),
            (1_430_000, "1.4 MB"),
            (64 << 20, "67 MB"),
        ] {
            assert_eq!(bytes(count), shown);
        }
        assert_eq!(limit(64 << 20), "64 MB");
    }

    #[test]
    fn a_moment_is_readable_and_exact() {
        let at = moment(1_795_366_020_000);
        assert!(at.iso.starts_with("2026-11-22T"), "{}", at.iso);
        assert!(at.shown.contains("Nov 2026"), "{}", at.shown);
        assert_eq!(moment(i64::MAX), Moment::default());
    }

    #[test]
    fn uptime_names_one_unit() {
        assert_eq!(uptime(1), "1 second");
        assert_eq!(uptime(7_300), "2 hours");
        assert_eq!(uptime(864_000), "10 days");
    }
}
