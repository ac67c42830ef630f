"""What studies rest on: models, conditions and measurements that more than one page could use."""
