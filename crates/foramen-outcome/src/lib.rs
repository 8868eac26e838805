//! Pain tables to outcome labels: follow-up window, the 50 % NRS rule, exclusions and the cohort flow.
