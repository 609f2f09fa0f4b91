"""The penalty feed: all facts of the streams of assessments, in order, for whoever bills."""
