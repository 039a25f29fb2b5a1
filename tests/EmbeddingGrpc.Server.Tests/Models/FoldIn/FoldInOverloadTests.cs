using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.FoldIn;
using static EmbeddingGrpc.Server.Tests.Models.FoldIn.FoldInModel;

namespace EmbeddingGrpc.Server.Tests.Models.FoldIn;

/// <summary>More to fold in than there is time for: the tests are the thread that has little of it. Fold-in is off, so that the model's own thread does nothing.</summary>
public sealed class FoldInOverloadTests : IDisposable
{
    private const int Many = 100;

    private readonly TemporaryDirectory _temporary = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Advance_MoreNewItemsThanAtOnce_ReadsOfAllAndFoldsTheNewest()
    {
        await using var model = await IdleAsync();
        using var lease = LeaseOf(model);
        var folder = lease.Generation.Folder!;
        await AppendAsync(model, Many);

        folder.Advance(model.Runtime.Applier.AppliedOffset, Cancellation);

        Assert.Equal(model.Runtime.Applier.AppliedOffset, folder.FoldedOffset);
        var known = Known(lease.Generation);
        Assert.InRange(known.Count, 1, Many - 1);
        Assert.Equal(Enumerable.Range(Many - known.Count, known.Count), known);
        Assert.Equal(Many - known.Count, folder.WaitingForFirst);

        while (folder.HasWork) folder.Advance(model.Runtime.Applier.AppliedOffset, Cancellation);
        Assert.Equal(Many, Known(lease.Generation).Count);
    }

    [Fact]
    public async Task Advance_AnItemThatWaitsIsMetAgain_ItComesBeforeTheOthers()
    {
        await using var model = await IdleAsync();
        using var lease = LeaseOf(model);
        var folder = lease.Generation.Folder!;
        await AppendAsync(model, Many);
        folder.Advance(model.Runtime.Applier.AppliedOffset, Cancellation);
        Assert.DoesNotContain(0, Known(lease.Generation));

        await AppendAsync(model, Visits("new-0", camp: 0, visits: 1, firstUser: 50_000));
        folder.Advance(model.Runtime.Applier.AppliedOffset, Cancellation);

        Assert.Contains(0, Known(lease.Generation));
        Assert.DoesNotContain(1, Known(lease.Generation));
    }

    [Fact]
    public async Task Advance_NewItemsWait_NoneGetsBetterVectorsBeforeAllHaveSome()
    {
        await using var model = await IdleAsync();
        using var lease = LeaseOf(model);
        var folder = lease.Generation.Folder!;
        await AppendAsync(model, Visits("early", camp: 0, visits: 1, firstUser: 50_000));
        folder.Advance(model.Runtime.Applier.AppliedOffset, Cancellation);
        var first = Vector(model, "early");

        await AppendAsync(model, Visits("early", camp: 0, visits: 20, firstUser: 60_000));
        await AppendAsync(model, Many);
        do
        {
            folder.Advance(model.Runtime.Applier.AppliedOffset, Cancellation);
            Assert.Equal(folder.WaitingForFirst > 0, Vector(model, "early").SequenceEqual(first));
        }
        while (folder.WaitingForFirst > 0);

        Assert.Equal(Many, Known(lease.Generation).Count);
    }

    public void Dispose() => _temporary.Dispose();

    private async Task<TestModel> IdleAsync()
    {
        var model = await TrainedAsync(_temporary.Path, exactSearchBelow: 2000, new FoldInOptions { Enabled = false });
        using var lease = LeaseOf(model);
        lease.Generation.Folder!.Prepare();
        return model;
    }

    private static GenerationLease LeaseOf(TestModel model)
    {
        Assert.True(model.Runtime.Generations.TryLease(out var lease));
        return lease;
    }

    /// <summary>New items, each met by one user.</summary>
    private static async Task AppendAsync(TestModel model, int items)
    {
        for (var item = 0; item < items; item++) await model.AppendAsync(Visits($"new-{item}", camp: 0, visits: 1, firstUser: 1000 + item));
        await model.Runtime.Applier.WaitForAppliedAsync(model.Runtime.Log.DurableOffset, Cancellation);
    }

    private static async Task AppendAsync(TestModel model, IEnumerable<EventLog.Interaction> interactions)
    {
        await model.AppendAsync(interactions);
        await model.Runtime.Applier.WaitForAppliedAsync(model.Runtime.Log.DurableOffset, Cancellation);
    }

    private static List<int> Known(Generation generation) => [.. Enumerable.Range(0, Many).Where(item => generation.TryGetOrdinal($"new-{item}", out _))];
}
