"""Messages that members confirm: from due touches to batches, tasks and results. Plans nothing."""
