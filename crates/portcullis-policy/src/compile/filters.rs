//! Filters.
//!
//! Must not know how an answer is read.

use portcullis_yaml::{At, Source};

use super::faults::{Names, cut};
use super::rules::Around;
use super::{Compiler, codes};
use crate::file::{DropItemsFile, FilterFile};
use crate::rule::{AllowIx, DropItems, Filter, Owner};

/// A set of filters is one word of bits.
pub(super) const FILTERS_MAX: usize = 64;

impl Compiler<'_> {
    pub(super) fn filters(
        &mut self,
        source: &Source,
        files: &[FilterFile],
        around: &Around<'_>,
        allows: &Names,
    ) -> Vec<Filter> {
        if let Some(first) = files.first() {
            self.at_most(source, &first.id, "filters", (files.len(), FILTERS_MAX));
        }
        let mut names = Names::default();
        let mut filters = Vec::new();
        for file in files.iter().take(FILTERS_MAX) {
            if self.full() {
                break;
            }
            let classes = self.any_classes(source, &file.class);
            let kinds = match &classes {
                Some(classes) => self.given_by(classes),
                None => self.all_types(),
            };
            let fields = file.drop_fields.as_ref().map(|at| self.fields(source, at, &kinds));
            let items = file.drop_items.as_ref().map(|at| self.drop_items(source, at));
            if fields.is_none() && items.is_none() && !self.dropped.contains("drop_items") {
                let fault = source.fault(codes::NOTHING, &file.id, "the filter drops nothing");
                self.faults.push(fault.with_help("add `drop_items:` or `drop_fields:`"));
            }
            let except = self.except(source, &file.except, allows);
            let Some(id) = self.id(source, &file.id, "filter", &names) else { continue };
            names.put(id.as_str(), filters.len());
            filters.push(Filter {
                name: around.name(&id),
                id,
                classes,
                drop_items: items.unwrap_or_default(),
                drop_fields: fields.unwrap_or_default(),
                except,
                shadow: file.shadow.unwrap_or(false),
            });
        }
        filters
    }

    fn drop_items(&mut self, source: &Source, at: &At<DropItemsFile>) -> Vec<DropItems> {
        let words = |list: &At<Vec<At<String>>>| {
            list.iter().map(|word| word.as_str().into()).collect::<Vec<Box<str>>>()
        };
        let mut all = Vec::new();
        for list in at.product_type.iter().chain(&at.account_type_not) {
            if list.is_empty() && !self.dropped.contains("") {
                let fault = source.fault(codes::NOTHING, list, "the list is empty");
                self.faults.push(fault.with_help("list at least one, or leave it out"));
            }
        }
        all.extend(at.product_type.as_ref().map(|list| DropItems::ProductType(words(list))));
        all.extend(at.expired.as_ref().filter(|on| ***on).map(|_| DropItems::Expired));
        all.extend(at.account_type_not.as_ref().map(|list| DropItems::AccountTypeNot(words(list))));
        if let Some(owner) = &at.owner_not {
            let owner = match owner.as_str() {
                "granted" => Owner::Granted,
                _ => Owner::Declared(self.list_ix(source, owner)),
            };
            all.push(DropItems::OwnerNot(owner));
        }
        if all.is_empty() && self.faults.is_empty() {
            let fault = source.fault(codes::NOTHING, at, "no item is dropped");
            self.faults.push(fault.with_help("say which, such as `expired: true`"));
        }
        all
    }

    fn except(&mut self, source: &Source, names: &[At<String>], allows: &Names) -> Vec<AllowIx> {
        let mut rules = Vec::new();
        for name in names {
            match allows.get(name) {
                Some(at) => rules.push(AllowIx(at)),
                None if self.left_out(name, allows.all()) => {}
                None => {
                    let message = format!("unknown allow rule `{}`", cut(name));
                    let fault = source.fault(codes::NO_LIMIT, name, message);
                    self.faults.push(fault.did_you_mean(name, allows.all()));
                }
            }
        }
        rules
    }
}
