//! Resources of which it is not known yet whether they were freed: a reap went by while they were idle.
//!
//! Owns what is known of them. In place of a state for each set that may have been kept, of which there are 2ⁿ for each reap,
//! there are bounds, and they say the same, but of a shrink, which frees as many as it must and here perhaps more. Rules:
//! 1. They are in groups, those of an earlier reap first. A group has a bound: of itself and the groups before, at most
//!    so many were kept. Any set within all bounds may have been.
//! 2. Who is lent again was kept: it goes, and each bound that counted it is one less.
//! 3. When another is made, there was room for it: a bound on all of them.
//! 4. Bounds are as small as the others make them, none is 0, and none follows from the next. So each one that is left may
//!    have been kept.

use super::history::Resource;
use im::OrdSet;

/// What is known of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Perhaps(Vec<Group>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Group {
    those: OrdSet<Resource>,
    most: usize,
}

impl Perhaps {
    pub(crate) fn contains(&self, resource: &Resource) -> bool {
        self.0.iter().any(|group| group.those.contains(resource))
    }

    /// All that may have been kept.
    pub(crate) fn all(&self) -> OrdSet<Resource> {
        OrdSet::unions(self.0.iter().map(|group| group.those.clone()))
    }

    /// How many were kept, at most.
    pub(crate) fn most(&self) -> usize {
        self.0.last().map_or(0, |group| group.most)
    }

    /// With `those` too, of which any may be kept.
    pub(crate) fn and(&self, those: OrdSet<Resource>) -> Self {
        let most = self.most().saturating_add(those.len());
        let groups = self.0.iter().cloned().chain([Group { those, most }]);
        normal(groups.collect()).0
    }

    /// Rule 2. Also those that now cannot have been kept.
    pub(crate) fn without(&self, resource: &Resource) -> (Self, OrdSet<Resource>) {
        let from = self.0.iter().position(|group| group.those.contains(resource)).unwrap_or(self.0.len());
        let mut groups = self.0.clone();
        for group in groups.iter_mut().skip(from) {
            *group = Group { those: group.those.without(resource), most: group.most.saturating_sub(1) };
        }
        normal(groups)
    }

    /// Rule 3. Also those that now cannot have been kept.
    pub(crate) fn at_most(&self, most: usize) -> (Self, OrdSet<Resource>) {
        let mut groups = self.0.clone();
        if let Some(last) = groups.last_mut() {
            last.most = last.most.min(most);
        }
        normal(groups)
    }
}

/// Rule 4.
fn normal(mut groups: Vec<Group>) -> (Perhaps, OrdSet<Resource>) {
    groups.iter_mut().rev().fold(usize::MAX, |later, group| {
        group.most = group.most.min(later);
        group.most
    });
    let (mut kept, mut gone) = (Vec::<Group>::new(), OrdSet::new());
    let mut is_last_free = false;
    for Group { those, most } in groups {
        let before = kept.last().map_or(0, |last| last.most);
        let free = before.saturating_add(those.len());
        let (most, is_free) = (most.min(free), most >= free);
        match kept.last_mut() {
            _ if most == 0 => gone = gone.union(those),
            // The bound before follows from this one; or neither bounds anything beyond those before.
            Some(last) if last.most == most || (is_last_free && is_free) => {
                is_last_free &= is_free;
                *last = Group { those: last.those.clone().union(those), most };
            }
            _ => {
                is_last_free = is_free;
                kept.push(Group { those, most });
            }
        }
    }
    (Perhaps(kept), gone)
}
