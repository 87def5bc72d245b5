//! What came of the town, in numbers.

/// Counts and rates.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    /// Customers that are two people.
    pub(crate) false_merges: usize,
    /// Somebody's words that another would read.
    pub(crate) disclosures: usize,
    pub(crate) strong_pairs: usize,
    pub(crate) strong_found: usize,
    pub(crate) weak_pairs: usize,
    pub(crate) weak_found: usize,
    /// Open suggestions of one customer.
    pub(crate) most_suggestions: usize,
    /// Works with words for desks that require something else.
    pub(crate) mixed_works: usize,
    /// Matters that went on by another channel, or at once by the same.
    pub(crate) goings_on: usize,
    /// Those of them that have two Works.
    pub(crate) split_matters: usize,
    /// Webhooks that came again and were taken for news.
    pub(crate) doubled: usize,
    pub(crate) events: usize,
    pub(crate) customers: usize,
    pub(crate) answers: usize,
}

impl Figures {
    pub(crate) fn strong_recall(&self) -> f64 {
        self.strong_found as f64 / self.strong_pairs.max(1) as f64
    }

    pub(crate) fn weak_recall(&self) -> f64 {
        self.weak_found as f64 / self.weak_pairs.max(1) as f64
    }

    pub(crate) fn json(&self) -> String {
        format!(
            "{{\"false_merges\":{},\"disclosures\":{},\"strong_recall\":{:.4},\"weak_recall\":{:.4},\"events\":{},\"customers\":{},\"answers\":{}}}",
            self.false_merges,
            self.disclosures,
            self.strong_recall(),
            self.weak_recall(),
            self.events,
            self.customers,
            self.answers
        )
    }
}
