//! What a call has of an upstream: its place, and the connection that is opened for it.
//!
//! Must not know which upstream takes a call.

use std::ops::Deref;
use std::rc::Rc;

use super::line::Who;
use super::site::{Connections, Site};

/// A call's place at an upstream; dropped, it is given to one that waits.
pub(super) struct Place<C: Connections> {
    pub(super) site: Rc<Site<C>>,
    pub(super) who: Who,
}

/// A connection that is being opened.
pub(super) struct Opening<C: Connections>(Rc<Site<C>>);

impl<C: Connections> Place<C> {
    pub(super) fn at(site: &Rc<Site<C>>, who: Who) -> Self {
        site.calls.set(site.calls.get().saturating_add(1));
        site.turns.take(who);
        Self { site: Rc::clone(site), who }
    }

    /// Begins to open a connection.
    pub(super) fn open(&self) -> Opening<C> {
        self.site.opening.set(self.site.opening.get().saturating_add(1));
        Opening(Rc::clone(&self.site))
    }
}

impl<C: Connections> Deref for Place<C> {
    type Target = Site<C>;

    fn deref(&self) -> &Site<C> {
        &self.site
    }
}

impl<C: Connections> Drop for Place<C> {
    fn drop(&mut self) {
        let Self { site, who } = self;
        site.calls.set(site.calls.get().saturating_sub(1));
        site.turns.give(*who);
        if !site.turns.line.is_empty() && site.dial.is_open() {
            site.admit();
        }
    }
}

impl<C: Connections> Deref for Opening<C> {
    type Target = Site<C>;

    fn deref(&self) -> &Site<C> {
        &self.0
    }
}

impl<C: Connections> Drop for Opening<C> {
    fn drop(&mut self) {
        let site = &self.0;
        site.opening.set(site.opening.get().saturating_sub(1));
        if !site.turns.line.is_empty() && site.dial.is_open() {
            site.admit();
        }
    }
}
