//! What standings close to a call: the notices of snapshot and live word, asked class by class.
//!
//! Only who is narrowed comes here; everybody else pays a look at a word. Must not know policies or how
//! a notice came about.

use std::sync::Arc;

use portcullis_catalogue::{Catalogue, FieldRef};
use portcullis_policy::Standing;
use portcullis_types::asked::{Ask, Asks, Via};
use portcullis_types::{
    ClassIx, ClassSet, Closes, Effect, FieldSet, Held, Notice, Part, Percent, Refusal, Revision,
    StandingName, Subject,
};
use smallvec::SmallVec;

use crate::rules::TierBound;
use crate::touched::Touched;

/// Everything that narrows one caller, the widest first.
#[derive(Debug, Default)]
pub(crate) struct Narrowed(SmallVec<[(Subject, Arc<Notice>); 3]>);

/// What a narrowed caller's call is held against.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub(crate) catalogue: &'a Catalogue,
    /// The rules whose numbers the catalogue gives.
    pub(crate) rules: Revision,
    /// What the caller may touch while nothing narrows it.
    pub(crate) granted: ClassSet,
}

impl Narrowed {
    /// Adds what a subject's standing takes; the widest subject comes first, so that a client that is
    /// known late stands before the key.
    pub(crate) fn add(&mut self, subject: Subject, notice: &Arc<Notice>) {
        let key = |known: &(Subject, _)| known.0 == Subject::Key && subject != Subject::Key;
        let at = self.0.iter().position(key).unwrap_or(self.0.len());
        self.0.insert(at, (subject, Arc::clone(notice)));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is left of limits: the least of all.
    pub(crate) fn factor(&self) -> Option<Percent> {
        self.0.iter().filter_map(|(_, notice)| notice.factor).min()
    }

    /// A tier's rates, as far as they are left. None: they can't be told.
    pub(crate) fn cut<'b>(&self, bound: &'b TierBound) -> Option<&'b TierBound> {
        let of = |whose: Subject| {
            let own = self.0.iter().filter(move |(subject, _)| *subject == whose);
            own.filter_map(|(_, notice)| notice.factor).min()
        };
        bound.cut(of(Subject::Partner), of(Subject::Client))
    }

    /// How the partner stands, as rules may ask.
    pub(crate) fn standing(&self) -> Standing {
        let partner = self.0.iter().find(|(subject, _)| *subject == Subject::Partner);
        partner.map_or(Standing::Good, |(_, notice)| stands(notice.state))
    }

    /// What each takes, in words.
    pub(crate) fn words(&self) -> String {
        let words = self.0.iter().map(|(subject, notice)| match notice.factor {
            None => format!("{subject} {}: closed {}", notice.state, notice.closes),
            Some(factor) => format!(
                "{subject} {}: closed {}, {factor} of rates and budgets",
                notice.state, notice.closes
            ),
        });
        words.collect::<Vec<_>>().join("; ")
    }

    /// The refusal of a call of which nothing is known: any closure closes it.
    pub(crate) fn closes_unknown(&self, ground: Ground<'_>) -> Option<Refusal> {
        let at = self.0.iter().position(|(_, notice)| !notice.closes.is_nothing())?;
        self.refusal(at, Part::Call, ground)
    }

    /// The same of a call of which only that is known: what closes all such calls does.
    pub(crate) fn closes_all(&self, effect: Effect, ground: Ground<'_>) -> Option<Refusal> {
        let at = self.0.iter().position(|(_, notice)| match notice.closes {
            Closes::All => true,
            Closes::Reads => effect == Effect::Read,
            Closes::Writes => effect == Effect::Write,
            Closes::Nothing | Closes::ReadsOf(_) | Closes::Classes(_) => false,
        })?;
        self.refusal(at, Part::Call, ground)
    }

    /// The refusal of a call, where any of what it asks is closed.
    pub(crate) fn closes(&self, asks: &Asks<'_>, ground: Ground<'_>) -> Option<Refusal> {
        let found = self.0.iter().enumerate().find_map(|(at, (_, notice))| {
            let look = Look { notice, catalogue: ground.catalogue };
            asks.asks.iter().find_map(|ask| look.part(asks, ask)).map(|part| (at, part))
        });
        found.and_then(|(at, part)| self.refusal(at, part, ground))
    }

    /// The same of a read whose answer is under way.
    pub(crate) fn closes_read(&self, touched: &Touched, ground: Ground<'_>) -> Option<Refusal> {
        let Some(read) = touched.known(ground.rules) else { return self.closes_unknown(ground) };
        let at = self.0.iter().position(|(_, notice)| {
            let look = Look { notice, catalogue: ground.catalogue };
            look.any(&read.classes) || look.field(&read.fields, None).is_some()
        })?;
        self.refusal(at, Part::Call, ground)
    }

    fn refusal(&self, at: usize, part: Part, ground: Ground<'_>) -> Option<Refusal> {
        let (subject, notice) = self.0.get(at)?;
        let others = self.0.iter().enumerate().filter(|(other, _)| *other != at);
        Some(Refusal::Held(Box::new(Held {
            subject: *subject,
            notice: Arc::clone(notice),
            others: others.map(|(_, (_, notice))| Arc::clone(notice)).collect(),
            open: self.open(ground),
            part,
        })))
    }

    /// The continuity classes that none closes, of those the caller has.
    fn open(&self, ground: Ground<'_>) -> Vec<Arc<str>> {
        let Ground { catalogue, granted, .. } = ground;
        let classes = catalogue.classes().filter(|class| {
            let has = catalogue
                .class(class.as_str())
                .is_some_and(|ix| granted.contains(ix) && catalogue.continuity().contains(ix));
            let closed =
                |effect| self.0.iter().any(|(_, notice)| notice.bars(class.as_str(), effect, true));
            has && !closed(Effect::Read) && !closed(Effect::Write)
        });
        classes.map(|class| class.shared()).collect()
    }
}

/// A standing as rules may ask for it. Of whoever is on hold in part, the rest is restricted.
pub(crate) const fn stands(state: StandingName) -> Standing {
    match state {
        StandingName::Good => Standing::Good,
        StandingName::Warned => Standing::Warned,
        StandingName::Probation => Standing::Probation,
        StandingName::Restricted
        | StandingName::Suspended
        | StandingName::Terminating
        | StandingName::Terminated => Standing::Restricted,
    }
}

/// One notice and the classes there are.
struct Look<'a> {
    notice: &'a Notice,
    catalogue: &'a Catalogue,
}

impl Look<'_> {
    /// What of an ask is closed, if anything is.
    fn part(&self, asks: &Asks<'_>, ask: &Ask<'_>) -> Option<Part> {
        let written = asks.effect == Effect::Write;
        // What a write gives back of its own class is part of that write, and so is the id.
        let own = (written && ask.effect == Effect::Read && ask.via == Via::Operation)
            .then_some(ask.class);
        let closed = own.is_none() && self.bars(ask.class, ask.effect);
        let field = if closed { None } else { self.field(&ask.fields, own) };
        if !closed && field.is_none() {
            return None;
        }
        if written && ask.effect == Effect::Read {
            return Some(Part::ReadBack);
        }
        let edge = match ask.via {
            Via::Edge(name, _) => Some(name),
            Via::Operation => None,
        };
        // Where all of a kind is closed, there is nothing to leave out.
        let by_class = matches!(self.notice.closes, Closes::ReadsOf(_) | Closes::Classes(_));
        Some(match (edge, field.filter(|_| by_class)) {
            (Some(edge), Some(field)) => Part::Field(format!("{edge}.{}", field.path).into()),
            (None, Some(field)) => Part::Field(field.path.into()),
            (Some(edge), None) if by_class => Part::Field(edge.into()),
            (_, None) => Part::Call,
        })
    }

    fn bars(&self, class: ClassIx, effect: Effect) -> bool {
        let continuity = self.catalogue.continuity().contains(class);
        self.notice.bars(self.catalogue.class_name(class), effect, continuity)
    }

    /// Whether reads of any of these classes are closed.
    fn any(&self, classes: &ClassSet) -> bool {
        let all = (0u16..).zip(self.catalogue.classes()).map(|(ix, _)| ClassIx(ix));
        all.filter(|class| classes.contains(*class)).any(|class| self.bars(class, Effect::Read))
    }

    /// The first field that is closed. A node's id comes with whatever else is read of it. `own`: what
    /// the write is whose answer they stand in.
    fn field(&self, fields: &FieldSet, own: Option<ClassIx>) -> Option<FieldRef<'_>> {
        let mut fields = fields.iter().filter_map(|ix| self.catalogue.field_ref(ix));
        fields.find(|field| {
            let id = self.catalogue.shape_of(field.kind).and_then(|shape| shape.id);
            id != Some(field.ix)
                && std::iter::once(&field.class)
                    .chain(field.through)
                    .any(|class| !self.is_own(*class, own) && self.bars(*class, Effect::Read))
        })
    }

    /// Whether a class is what a write gives back of itself, and not closed by name.
    fn is_own(&self, class: ClassIx, own: Option<ClassIx>) -> bool {
        own == Some(class)
            && self.notice.closes == Closes::Reads
            && !self
                .notice
                .even
                .iter()
                .any(|name| name.as_str() == self.catalogue.class_name(class))
    }
}
