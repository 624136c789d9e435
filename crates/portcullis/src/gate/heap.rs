//! What the allocator keeps: freed memory goes back to the system, and huge pages are for a large gate.
//!
//! Must not know what uses memory.

use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::time::MissedTickBehavior;

use super::memory::used;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(2);
/// From so many bytes on a huge page is filled, and spares look-ups among millions of keys a third of
/// their time. A small gate would hold twice of what it uses.
const LARGE: u64 = 256 << 20;

/// Says whether memory that is used from now on may come in huge pages. Where the kernel does not let
/// us choose, all is as it was.
pub(crate) fn huge_pages(may: bool) {
    let _as_it_was = rustix::thread::disable_transparent_huge_pages(!may);
}

/// Has the allocator give back what a start, an import or a flood left. The threads that serve calls do so
/// for themselves.
pub(super) fn tend(runtime: &Runtime) {
    runtime.spawn(async {
        let (mut looks, mut large) = (tokio::time::interval(EVERY), false);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            portcullis_proxy::give_back();
            let is_large = used() > LARGE;
            if is_large != large {
                large = is_large;
                huge_pages(large);
            }
        }
    });
}
