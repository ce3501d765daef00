"""Learning from spikes: features, readouts, scikit-learn estimators, forecasting, and comparison with controls."""
