//! What can be typed after `hook`.

use clap::Subcommand;

/// Tell partners of changes of their access.
#[derive(Debug, Clone, Subcommand)]
pub enum HookCommand {
    /// Have a partner told at an address; its signing secret is shown once
    Add {
        /// The partner's id
        partner: String,
        /// Where: an https:// address on the open internet
        url: String,
    },
    /// List the hooks of all partners
    List,
    /// Remove a hook with its secret
    Remove {
        /// The hook's id
        id: String,
    },
    /// Give a hook a new secret, shown once; the old one signs too for a while
    Rotate {
        /// The hook's id
        id: String,
        /// How long both sign: a length such as 24h, or a moment; at most 14 days
        #[arg(long, default_value = "24h", value_name = "WHEN")]
        overlap: String,
    },
    /// Send a hook a message that says nothing
    Test {
        /// The hook's id
        id: String,
    },
    /// List the messages of a hook and what became of each, newest first
    Deliveries {
        /// The hook's id
        id: String,
        /// At most this many
        #[arg(long, default_value_t = 20)]
        limit: usize,
    },
    /// Send a message once more, whatever became of it
    Replay {
        /// The hook's id
        id: String,
        /// The message's number, as `hook deliveries` shows it
        delivery: i64,
    },
}
