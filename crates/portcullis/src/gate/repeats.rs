//! Answers to repeated calls, kept beside the log for both APIs.
//!
//! Must not know what is answered.

use std::sync::Arc;

use portcullis_control::{Outcome, RememberedAnswer, Remembers};
use portcullis_registry::BoxFuture;
use portcullis_store::{RepeatRow, Repeats};

use crate::config::Config;
use crate::talk;

/// The status under which an answer is kept that is not shown again.
const SHOWN: u16 = 0;

/// The answers of one API.
#[derive(Debug)]
struct Space {
    file: Arc<Repeats>,
    name: &'static str,
    found: Vec<RepeatRow>,
}

/// What is remembered of the admin API and of the partners' one; where the file can't be used, both
/// remember until the next restart only.
pub(super) fn open(
    config: &Config,
    runtime: &tokio::runtime::Runtime,
) -> [Option<Arc<dyn Remembers>>; 2] {
    let opened = runtime.block_on(async {
        let file = Arc::new(Repeats::open(&config.store).await?);
        let mut spaces: [Option<Arc<dyn Remembers>>; 2] = [None, None];
        for (space, name) in spaces.iter_mut().zip(["admin", "partners"]) {
            let (file, found) = (Arc::clone(&file), file.all(name).await?);
            *space = Some(Arc::new(Space { file, name, found }));
        }
        Ok::<_, portcullis_store::StoreError>(spaces)
    });
    opened.unwrap_or_else(|error| {
        talk::warn(&format!("a restart forgets which calls were answered already: {error}"));
        [None, None]
    })
}

impl Remembers for Space {
    fn all(&self) -> Vec<RememberedAnswer> {
        self.found.iter().filter_map(read).collect()
    }

    fn keep(&self, one: RememberedAnswer, max: usize) -> BoxFuture<'_, Result<(), String>> {
        let row = written(one);
        Box::pin(async move {
            self.file.keep(self.name, &row, max).await.map_err(|error| error.to_string())
        })
    }

    fn forget(&self, name: [u8; 32]) -> BoxFuture<'_, Result<(), String>> {
        Box::pin(async move {
            self.file.forget(self.name, &name).await.map_err(|error| error.to_string())
        })
    }
}

fn written(one: RememberedAnswer) -> RepeatRow {
    let (status, answer) = match one.outcome {
        Outcome::Running => (None, Vec::new()),
        Outcome::Answered(status, body) => (Some(status), body),
        Outcome::Shown(told) => (Some(SHOWN), told.into_bytes()),
    };
    let (name, owner, body) = (one.name.to_vec(), one.owner.to_vec(), one.body.to_vec());
    RepeatRow { name, owner, body, at: one.at, status, answer }
}

fn read(row: &RepeatRow) -> Option<RememberedAnswer> {
    let digest = |bytes: &Vec<u8>| <[u8; 32]>::try_from(bytes.as_slice()).ok();
    let outcome = match row.status {
        None => Outcome::Running,
        Some(SHOWN) => Outcome::Shown(String::from_utf8_lossy(&row.answer).into_owned()),
        Some(status) => Outcome::Answered(status, row.answer.clone()),
    };
    let (name, owner) = (digest(&row.name)?, digest(&row.owner)?);
    Some(RememberedAnswer { name, owner, body: digest(&row.body)?, at: row.at, outcome })
}
