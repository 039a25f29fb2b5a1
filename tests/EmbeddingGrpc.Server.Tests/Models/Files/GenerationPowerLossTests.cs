using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.Files;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddingGrpc.Server.Tests.Models.Files;

/// <summary>The power goes at any step of any history of generations: what comes back is whole, and it is the one that was said to serve.</summary>
public sealed class GenerationPowerLossTests : IDisposable
{
    private const int SeedsPerStep = 3;

    private readonly TemporaryDirectory _temporary = new();

    private string Root => _temporary.At("generations");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public void AnyStep_PowerLost_ServesWhatWasPointedAtOrWhatWasBeingPointedAt()
    {
        var steps = Prepare(crashAt: null).Run();
        Assert.True(steps.Completed, "Without a crash the history ends.");
        Assert.True(steps.Begun > 60, $"The history has {steps.Begun} steps, fewer than expected: is every one observed?");
        for (var crashAt = 0; crashAt <= steps.Begun; crashAt++)
        {
            for (var seed = 0; seed < SeedsPerStep; seed++)
            {
                var history = Prepare(crashAt < steps.Begun ? crashAt : null);
                history.Run();
                history.Disk.LosePower(new Random(HashCode.Combine(crashAt, seed)));
                AssertWhole(history, $"step {crashAt}, seed {seed}");
            }
        }
    }

    private void AssertWhole(History history, string when)
    {
        var directory = new GenerationDirectory(Root, NullLogger.Instance);
        Assert.All(directory.Names(), name =>
        {
            using var parts = GenerationLoader.Load(Path.Combine(Root, name.ToString()), cancellationToken: Cancel);
            Assert.Equal(name.Number, parts.Number);
        });
        using var serving = directory.LoadServing(new IndexOpenOptions(), Cancel);
        Assert.True(serving is not null, $"Nothing serves after {when}.");
        Assert.True(history.MayServe.Contains(serving.Number), $"{serving.Number} serves after {when}, not one of {string.Join(", ", history.MayServe)}.");
        Assert.DoesNotContain(Directory.GetFileSystemEntries(Root), path => Path.GetFileName(path).StartsWith('.'));

        // And the work can be done once more.
        var number = directory.NextNumber();
        using var again = Parts(number);
        directory.WriteAndLoad(again, null, Cancel).Dispose();
        directory.PointAt(GenerationInfo.Of(again));
        using var loaded = new GenerationDirectory(Root, NullLogger.Instance).LoadServing(new IndexOpenOptions(), Cancel);
        Assert.Equal(number, loaded!.Number);
    }

    /// <summary>One generation serves; then the disk is one that loses what is not synced.</summary>
    private History Prepare(int? crashAt)
    {
        if (Directory.Exists(Root)) Directory.Delete(Root, recursive: true);
        var directory = new GenerationDirectory(Root, NullLogger.Instance);
        using var first = Parts(1);
        directory.WriteAndLoad(first, null, Cancel).Dispose();
        directory.PointAt(GenerationInfo.Of(first));
        var disk = new PowerLossDisk(Root) { CrashAt = crashAt };
        return new History(disk, new GenerationDirectory(Root, NullLogger.Instance, disk.Files), GenerationInfo.Of(first));
    }

    private static GenerationParts Parts(long number) => TestGenerations.Parts(
        20, number: number, seed: (int)number, index: (vectors, metric) => HnswIndex.Build(vectors, metric, new HnswOptions { BuildThreads = 1 }));

    /// <summary>Training, promotion, rollback, training, pruning.</summary>
    private sealed class History(PowerLossDisk disk, GenerationDirectory directory, GenerationInfo first)
    {
        private readonly List<long> _mayServe = [first.Number];

        public PowerLossDisk Disk => disk;

        /// <summary>The generation that was last said to serve and the one that was being pointed at when the power went.</summary>
        public IReadOnlyList<long> MayServe => _mayServe;

        public (bool Completed, int Begun) Run()
        {
            try
            {
                var second = Write(2);
                PointAt(second);
                PointAt(first);
                PointAt(second);
                directory.Prune(1, second);
                var third = Write(3);
                PointAt(third);
                directory.Prune(2, third);
                PointAt(Write(4));
                return (true, disk.Steps);
            }
            catch (SimulatedCrashException)
            {
                return (false, disk.Steps);
            }
        }

        private GenerationInfo Write(long number)
        {
            using var parts = Parts(number);
            directory.WriteAndLoad(parts, null, Cancel).Dispose();
            return GenerationInfo.Of(parts);
        }

        private void PointAt(GenerationInfo generation)
        {
            _mayServe.Add(generation.Number);
            directory.PointAt(generation);
            _mayServe.Clear();
            _mayServe.Add(generation.Number);
        }
    }
}
