using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Server.Pipeline;
using EmbeddingGrpc.Server.Pipeline.Graph;
using EmbeddingGrpc.Server.Recall.Graph;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddingGrpc.Server.Tests.Recall.Graph;

public sealed class GraphRevisionTests : IDisposable
{
    private readonly ItemGraph _graph = new(new ItemGraphOptions());
    private readonly FakeTimeProvider _time = new();
    private readonly GraphRevision _revision;

    public GraphRevisionTests() => _revision = new GraphRevision(_graph, TimeSpan.FromSeconds(1), _time);

    public void Dispose() => _graph.Dispose();

    [Fact]
    public void At_WithinThePeriod_StaysWhateverHappens()
    {
        Apply(0);
        Assert.Equal(1, _revision.At(0));
        Apply(1);
        _time.Advance(TimeSpan.FromSeconds(0.9));
        Assert.Equal(1, _revision.At(0));
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(2, _revision.At(0));
    }

    [Fact]
    public void At_CallerThatReadsItsOwnWrites_MovesAtOnce()
    {
        Apply(0);
        _revision.At(0);
        Apply(1);
        Assert.Equal(2, _revision.At(2));
    }

    private void Apply(int offset) => _graph.Apply(View(1), [View(0)], [], 1, new LogOffset(offset));

    private static HistoryEvent View(int item) => new(new ItemKey(item), InteractionType.View, 0, 1);
}
