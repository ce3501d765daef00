"""What is trained on spikes: features, readouts, scikit-learn estimators, forecasting, and the controls beside them."""
