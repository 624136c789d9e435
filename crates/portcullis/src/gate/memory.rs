//! Memory: how much there may be and how much is used. Where it gets short, the data plane takes on less.
//!
//! Must not know what uses it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use portcullis_proxy::Pressure;
use tokio::runtime::Runtime;
use tokio::time::MissedTickBehavior;

use crate::talk;

/// How often it is looked at: a flood from next door brings a megabyte in each millisecond.
const EVERY: Duration = Duration::from_millis(10);
/// In parts of a hundred: from where on it is short, and until where it stays so.
const SHORT: u64 = 85;
const STAYS: u64 = 80;
/// Of what is free at the start, bodies and answers that are held take at most one part in so many:
/// what brings them takes as much again, and a flood is faster than any look at memory.
const HELD: u64 = 4;
/// Beyond this a bound is none.
const NONE: u64 = 1 << 60;

/// What there is of memory.
#[derive(Default)]
pub(crate) struct Memory {
    /// Tells that it is short.
    pub pressure: Pressure,
    /// Bytes that bodies and answers may take which are held at once, if there is a bound.
    pub held: Option<u64>,
}

/// Watches memory, if it has a bound: the configured one, or the one that the kernel holds us to.
pub(super) fn watch(runtime: &Runtime, configured: Option<u64>) -> Memory {
    let Some(bound) = configured.or_else(bound_by_kernel) else { return Memory::default() };
    let held = bound.saturating_sub(used()) / HELD;
    talk::info(&format!(
        "calls are refused rather than using more than {} MiB of memory; bodies that are held take at most {}",
        (bound / 100 * SHORT) >> 20,
        held >> 20
    ));
    let memory = Memory { pressure: Pressure::default(), held: Some(held) };
    runtime.spawn(look(memory.pressure.clone(), bound));
    memory
}

async fn look(pressure: Pressure, bound: u64) {
    let (mut looks, mut short) = (tokio::time::interval(EVERY), false);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        let used = used();
        let is_short = is_short(used, bound, short);
        if is_short != short {
            short = is_short;
            pressure.set(short);
            let so = if short { "is short: the gate takes on less" } else { "is enough again" };
            talk::info(&format!("memory {so}; {} of {} MiB", used >> 20, bound >> 20));
        }
    }
}

/// Bytes that this process holds. What can't be read is none: the bounds on counts hold all the same.
pub(super) fn used() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").ok();
    status.as_deref().and_then(resident).unwrap_or(0)
}

fn is_short(used: u64, bound: u64, was: bool) -> bool {
    used > bound / 100 * if was { STAYS } else { SHORT }
}

/// Bytes that a process holds in memory, by its `/proc/…/status`.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

fn bound_by_kernel() -> Option<u64> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    places(&groups).iter().filter_map(|place| bound(&std::fs::read_to_string(place).ok()?)).min()
}

/// Where bounds of the groups in `/proc/self/cgroup` may be, theirs and those above them.
fn places(groups: &str) -> Vec<PathBuf> {
    let mut places = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(kind), Some(path)) = (parts.next(), parts.next(), parts.next()) else {
            continue;
        };
        let (root, name) = match kind {
            "" => ("/sys/fs/cgroup", "memory.max"),
            kind if kind.split(',').any(|kind| kind == "memory") => {
                ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
            }
            _ => continue,
        };
        let inside = Path::new(path.trim_start_matches('/'));
        places.extend(inside.ancestors().map(|group| Path::new(root).join(group).join(name)));
    }
    places
}

/// A bound as the kernel writes it; none: `max`, or so large that it is none.
fn bound(text: &str) -> Option<u64> {
    text.trim().parse().ok().filter(|bound| *bound < NONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_as_the_kernel_writes_it() {
        assert_eq!(resident("Name:\tx\nVmRSS:\t   2048 kB\nRssAnon:\t 1 kB\n"), Some(2 << 20));
        assert_eq!(resident("VmRSS: many kB"), None);
        for (text, expected) in
            [("536870912\n", Some(512 << 20)), ("max\n", None), ("9223372036854771712\n", None)]
        {
            assert_eq!(bound(text), expected, "{text}");
        }
    }

    #[test]
    fn bounds_of_groups_above_hold_too() {
        let told = |groups: &str| -> Vec<String> {
            places(groups).iter().map(|place| place.display().to_string()).collect()
        };
        assert_eq!(
            told("0::/system.slice/gate.service\n"),
            [
                "/sys/fs/cgroup/system.slice/gate.service/memory.max",
                "/sys/fs/cgroup/system.slice/memory.max",
                "/sys/fs/cgroup/memory.max",
            ]
        );
        assert_eq!(
            told("4:cpu,cpuacct:/a\n7:memory:/a\nnonsense\n"),
            [
                "/sys/fs/cgroup/memory/a/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            ]
        );
    }

    #[test]
    fn memory_that_was_short_is_enough_only_some_way_below() {
        let table = [(84, false, false), (86, false, true), (81, true, true), (80, true, false)];
        for (used, was, expected) in table {
            assert_eq!(is_short(used << 20, 100 << 20, was), expected, "{used}");
        }
    }
}
