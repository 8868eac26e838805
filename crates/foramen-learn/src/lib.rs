//! Splits by subject, train, tune and test sets as types, learner traits and the ruler baseline.
