namespace EmbeddingGrpc.EventLog.Appending;

/// <summary>A batch on its way to the disk, and those who wait for it.</summary>
/// <param name="batch">Checked by <see cref="BatchValidation"/>.</param>
/// <param name="bytes">About what it takes on disk and in memory.</param>
internal sealed class PendingAppend(AppendBatch batch, long bytes)
{
    // Continuations run on the pool: the appender must not run its callers' code.
    private readonly TaskCompletionSource<AppendResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public AppendBatch Batch { get; } = batch;

    public long Bytes { get; } = bytes;

    /// <summary>Asks that, after its group, a new segment is begun.</summary>
    public bool BeginsSegment { get; init; }

    /// <summary>Set while its group is built; told once the group is durable.</summary>
    public AppendResult Result { get; set; }

    public Task<AppendResult> Completion => _completion.Task;

    public void Complete() => _completion.TrySetResult(Result);

    public void Fail(Exception exception) => _completion.TrySetException(exception);
}
