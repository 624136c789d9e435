//! From the bytes of a call to what is sent of it, and from the bytes of the answer to what leaves.

mod answers;
mod found;
mod places;
mod rules;
