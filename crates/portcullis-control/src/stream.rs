//! A body that is made while it is sent, in bounded memory.
//!
//! When the log or a table can't be read any further the body ends uncleanly, so that nobody takes half a log
//! for a whole one. Must not know HTTP beyond that.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use http_body::Frame;
use portcullis_audit::{checkpoint_line, event_line};
use portcullis_registry::{Grant, GrantsPage, GrantsWanted, LoggedEvent};
use portcullis_types::Revision;
use tokio::sync::mpsc;

use crate::api::grants::Line;
use crate::router::Shared;

const EVENTS_PER_PART: usize = 500;
const PARTS_AHEAD: usize = 2;

/// The log up to `size` events.
pub(crate) fn export(shared: Arc<Shared>, size: u64) -> Body {
    let (parts, receiver) = mpsc::channel(PARTS_AHEAD);
    tokio::spawn(async move {
        let mut from = 0;
        while from < size {
            let part = part(&shared, from, size).await;
            let failed = part.is_err();
            let sent = parts.send(part.map(|(bytes, next)| {
                from = next;
                bytes
            }));
            if sent.await.is_err() || failed {
                return;
            }
        }
    });
    Body::new(Parts(receiver))
}

/// The wanted grants, at most `limit`.
pub(crate) fn grants(shared: Arc<Shared>, mut wanted: GrantsWanted, limit: u64) -> Body {
    let (parts, receiver) = mpsc::channel(PARTS_AHEAD);
    tokio::spawn(async move {
        let mut left = limit;
        while left > 0 {
            wanted.count = usize::try_from(left).unwrap_or(usize::MAX).min(wanted.count);
            let page = shared.control.office.grants(wanted.clone()).await;
            let (part, last) = match page {
                Ok(GrantsPage { grants, more }) => {
                    left = left.saturating_sub(grants.len() as u64);
                    wanted.after = grants.last().map(|grant| grant.name.clone());
                    (lines(&grants), !more || grants.is_empty())
                }
                Err(error) => (Err(io::Error::other(error)), true),
            };
            let last = last || part.is_err();
            if parts.send(part).await.is_err() || last {
                return;
            }
        }
    });
    Body::new(Parts(receiver))
}

fn lines(grants: &[Grant]) -> io::Result<Bytes> {
    let mut text = Vec::with_capacity(grants.len() * 96);
    for grant in grants {
        serde_json::to_writer(&mut text, &Line::from(grant))?;
        text.push(b'\n');
    }
    Ok(Bytes::from(text))
}

async fn part(shared: &Shared, from: u64, size: u64) -> io::Result<(Bytes, u64)> {
    let office = &shared.control.office;
    let count = usize::try_from(size - from).unwrap_or(EVENTS_PER_PART).min(EVENTS_PER_PART);
    let events = office.events(Revision(from), count).await.map_err(io::Error::other)?;
    let signed = office.checkpoints(from + 1, EVENTS_PER_PART).await.map_err(io::Error::other)?;
    let mut signed = signed.iter().peekable();
    let mut text = String::new();
    let mut next = from;
    for LoggedEvent { revision, hash, leaf, opening, .. } in &events {
        next = revision.0 + 1;
        text.push_str(&event_line(revision.0, leaf, hash, opening.as_deref()));
        while let Some((at, note)) = signed.next_if(|(at, _)| *at <= next) {
            text.push_str(&checkpoint_line(*at, note));
        }
    }
    if next == from {
        return Err(io::Error::other("the log ends before its newest revision"));
    }
    Ok((Bytes::from(text), next))
}

struct Parts(mpsc::Receiver<io::Result<Bytes>>);

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(context).map(|part| part.map(|part| part.map(Frame::data)))
    }
}
