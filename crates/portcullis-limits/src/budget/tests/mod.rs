//! Budgets with a clock turned by hand.
