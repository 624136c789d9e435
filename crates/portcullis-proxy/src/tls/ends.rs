//! When certificates end: read out of them, for a figure, and so that none is exchanged for one that is
//! over.
//!
//! Must not decide whether a certificate is good; its holders' clients do.

use portcullis_types::Wall;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntGaugeVec, Opts};

use super::TlsFront;
use crate::{Listener, Metrics};

/// Tags of DER that lead to the end of a certificate (RFC 5280 §4.1).
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const INTEGER: u8 = 0x02;
const SHORT_TIME: u8 = 0x17;
const LONG_TIME: u8 = 0x18;

/// The last moment of a certificate; none: it can't be found.
pub(super) fn end(certificate: &[u8]) -> Option<Wall> {
    let (all, _) = inside(certificate, SEQUENCE)?;
    let (to_be_signed, _) = inside(all, SEQUENCE)?;
    // Certificates of the first version don't name it.
    let rest = inside(to_be_signed, VERSION).map_or(to_be_signed, |(_, rest)| rest);
    let (_serial, rest) = inside(rest, INTEGER)?;
    let (_algorithm, rest) = inside(rest, SEQUENCE)?;
    let (_issuer, rest) = inside(rest, SEQUENCE)?;
    let (validity, _) = inside(rest, SEQUENCE)?;
    let (_, after) = time(validity)?;
    time(after).map(|(end, _)| end)
}

/// What an element of that tag holds, and what follows it.
fn inside(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[found, first], rest) = der.split_first_chunk::<2>()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // The length's own length; three bytes are enough for any certificate.
        0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length).filter(|_| found == tag)
}

/// A time, to its second, and what follows it.
fn time(der: &[u8]) -> Option<(Wall, &[u8])> {
    let (text, rest, year_digits) = match (inside(der, SHORT_TIME), inside(der, LONG_TIME)) {
        (Some((text, rest)), _) => (text, rest, 2),
        (None, Some((text, rest))) => (text, rest, 4),
        (None, None) => return None,
    };
    let digits = std::str::from_utf8(text.strip_suffix(b"Z")?).ok()?;
    let (year, digits) = digits.split_at_checked(year_digits)?;
    let two = |at: usize| digits.get(2 * at..2 * at + 2)?.parse::<u64>().ok();
    let year = year.parse::<u64>().ok()?;
    let year = match year_digits {
        2 if year < 50 => year + 2000,
        2 => year + 1900,
        _ => year,
    };
    let days = days(year, two(0)?, two(1)?)?;
    let seconds = ((days * 24 + two(2)?) * 60 + two(3)?) * 60 + two(4)?;
    Some((Wall(seconds * 1000), rest))
}

/// Days from 1970-01-01 to that one; what lies before is as good as that.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if year > 9999 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years begin with March here, so that the leap day is the last of its year.
    let (year, month) =
        if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let since = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    Some(since.saturating_sub(719_468))
}

/// A figure for each certificate that listeners show.
pub(crate) struct Ends {
    fronts: Vec<TlsFront>,
    figure: IntGaugeVec,
}

impl Ends {
    /// Shows them on the page of the data plane.
    #[expect(clippy::unwrap_used, reason = "the names are constants and legal")]
    pub(crate) fn show(listeners: &[Listener], metrics: &Metrics) {
        let fronts: Vec<_> = listeners.iter().filter_map(|one| one.tls.clone()).collect();
        let about = Opts::new(
            "portcullis_tls_certificate_ends_seconds",
            "When a certificate that is shown to partners ends, in seconds since 1970.",
        );
        let figure = IntGaugeVec::new(about, &["certificate"]).unwrap();
        // A second data plane on one page would be a test's.
        let _ = metrics.registry().register(Box::new(Self { fronts, figure }));
    }
}

impl Collector for Ends {
    fn desc(&self) -> Vec<&Desc> {
        self.figure.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.figure.reset();
        for (name, end) in self.fronts.iter().flat_map(TlsFront::ends) {
            let seconds = i64::try_from(end.0 / 1000).unwrap_or(i64::MAX);
            self.figure.with_label_values(&[&name]).set(seconds);
        }
        self.figure.collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_found_in_either_form() {
        let key = KeyPair::generate().unwrap();
        for (year, month, day) in [
            (1999, 12, 31),
            (2000, 2, 29),
            (2024, 3, 1),
            (2049, 12, 31),
            (2050, 1, 1),
            (4096, 2, 28),
        ] {
            let mut params = CertificateParams::new(["gate.test".to_owned()]).unwrap();
            params.not_after = date_time_ymd(year, month, day);
            let der = params.self_signed(&key).unwrap();
            let found = end(der.der()).unwrap();
            assert_eq!(found.rfc3339(), format!("{year:04}-{month:02}-{day:02}T00:00:00.000Z"));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_read_beyond_their_end(bytes: Vec<u8>, at in 0..400_usize, cut in 0..400_usize) {
            let _ = end(&bytes);
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(["gate.test".to_owned()]).unwrap();
            let mut der = params.self_signed(&key).unwrap().der().to_vec();
            let at = at % der.len();
            der[at] = bytes.first().copied().unwrap_or(0xff);
            der.truncate(der.len() - cut.min(der.len()));
            let _ = end(&der);
        }
    }
}
