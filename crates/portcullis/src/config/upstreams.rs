//! The platform's upstreams: each address, and how calls are spread over them.
//!
//! Must not resolve a name or open a connection.

use portcullis_proxy::{Adaptive, Attribute, Bounds, Check, Spread, Upstreams, Weighted};
use portcullis_yaml::At;

use super::settle::Settling;
use super::shape::{self, ConfigFile};

/// Most upstreams of a platform, and most that one weighs.
const UPSTREAMS_MAX: usize = 64;
const WEIGHT_MAX: usize = 1000;

impl Settling<'_> {
    pub(super) fn upstreams(&mut self, file: &ConfigFile) -> Upstreams {
        let from = &file.upstream;
        if let Some(beyond) = from.addresses.get(UPSTREAMS_MAX) {
            let message = format!("more than {UPSTREAMS_MAX} addresses");
            self.fault("PC0080", &beyond.url, message, "name a load balancer in place of them");
        }
        let list = from.addresses.iter().filter_map(|address| self.weighted(address)).collect();
        let repeats = self.bound(from.repeats_percent.as_ref(), 20, (0, 100));
        Upstreams {
            list,
            spread: match from.spread {
                shape::Spread::Least => Spread::Least,
                shape::Spread::Partner => Spread::By(Attribute::Partner),
                shape::Spread::Key => Spread::By(Attribute::Key),
                shape::Spread::Path => Spread::By(Attribute::Path),
            },
            resolve_every: self.wait(from.resolve_every.as_ref(), 30).duration(),
            repeats_percent: u32::try_from(repeats).unwrap_or(0),
            // It stands on files, which are read where the gate is opened.
            tls: None,
            check: from.check.as_ref().map(|check| self.check(check)),
            bounds: self.spared(&from.limits),
        }
    }

    fn spared(&mut self, spared: &shape::Spared) -> Bounds {
        let percent = self.bound(spared.partner_percent.as_ref(), 50, (1, 100));
        let calls = self.bound(spared.calls.as_ref(), 1024, (1, 1_000_000));
        Bounds {
            calls,
            partner_percent: u32::try_from(percent).unwrap_or(50),
            connects: self.bound(spared.connects.as_ref(), 64, (1, 10_000)),
            waiting: self.bound(spared.waiting.as_ref(), 1024, (0, 1_000_000)),
            wait: self.wait(spared.wait.as_ref(), 5).duration(),
            adaptive: spared.adaptive.as_ref().map(|adaptive| self.adaptive(adaptive, calls)),
        }
    }

    fn adaptive(&mut self, adaptive: &shape::Adaptive, calls: usize) -> Adaptive {
        let slower = self.bound(adaptive.slower_percent.as_ref(), 50, (10, 1_000));
        Adaptive {
            least: self.bound(adaptive.least.as_ref(), calls.min(16), (1, calls)),
            slower_percent: u32::try_from(slower).unwrap_or(50),
            every: self.wait(adaptive.every.as_ref(), 1).duration(),
        }
    }

    fn weighted(&mut self, address: &shape::Address) -> Option<Weighted> {
        let weight = self.bound(address.weight.as_ref(), 1, (1, WEIGHT_MAX));
        let at = self.upstream(&address.url);
        // What is wrong with it was said.
        Some(Weighted { at: at.parse().ok()?, weight: u32::try_from(weight).unwrap_or(1) })
    }

    fn check(&mut self, check: &shape::Check) -> Check {
        let mut times = |at: Option<&At<usize>>, usual: u32| {
            u32::try_from(self.bound(at, usual as usize, (1, 100))).unwrap_or(usual)
        };
        let (bad, good) = (times(check.bad.as_ref(), 3), times(check.good.as_ref(), 2));
        let path = check.path.value.clone();
        let legal = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        if !path.starts_with('/') || !path.bytes().all(legal) {
            let message = format!("`{path}` is no path that can be asked for");
            let help = "write the path of the check as it is sent, such as /healthz";
            self.fault("PC0081", &check.path, message, help);
        }
        Check {
            path,
            every: self.wait(check.every.as_ref(), 5).duration(),
            within: self.wait(check.within.as_ref(), 2).duration(),
            bad,
            good,
        }
    }
}
