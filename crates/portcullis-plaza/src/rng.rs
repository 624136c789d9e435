//! A small seeded generator: the same seed gives the same fixtures for ever.
//!
//! SplitMix64. Not for secrets. Must not know what is generated.

/// The state of the generator.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// 0 ≤ x < 1.
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit a double")]
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// 0 ≤ x < bound; 0 for a bound of 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if bound == 0 {
            return 0;
        }
        let wide = u128::from(self.next()) * bound as u128;
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of the row, each as likely. The row must not be empty.
    pub(crate) fn pick<'a, T>(&mut self, row: &'a [T]) -> Option<&'a T> {
        let at = self.below(row.len());
        row.get(at)
    }

    /// Exponential, cut to a whole number below `bound`.
    pub(crate) fn decay(&mut self, mean: f64, bound: usize) -> usize {
        let x = -(1.0 - self.unit()).ln() * mean;
        whole(x).min(bound.saturating_sub(1))
    }

    /// Normal around 0.
    pub(crate) fn gauss(&mut self, deviation: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos() * deviation
    }

    /// Log-normal, as a whole number.
    pub(crate) fn lognormal(&mut self, mean: f64, deviation: f64) -> u64 {
        whole((mean + self.gauss(deviation)).exp()) as u64
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, which is what is wanted"
)]
fn whole(x: f64) -> usize {
    x as usize
}
