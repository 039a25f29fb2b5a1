using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Numerics;
using EmbeddingGrpc.Server.Models;
using EmbeddingGrpc.Server.Models.Promotion;
using EmbeddingGrpc.Training;

namespace EmbeddingGrpc.Server.Tests.Models;

public sealed class TrainingWorkerTests : IDisposable
{
    private readonly TemporaryDirectory _temporary = new();

    [Fact]
    public async Task Start_NothingIngested_SaysWhatToDo()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path);

        var error = await Assert.ThrowsAsync<NothingToTrainException>(model.TrainAsync);

        Assert.Contains("no interactions", error.Message, StringComparison.Ordinal);
        Assert.Contains("embedctl ingest", error.Message, StringComparison.Ordinal);
        Assert.False(model.Runtime.Training.IsTraining);
        Assert.Null(model.Runtime.Generations.Serving);
    }

    [Fact]
    public async Task Start_OnlyDislikes_SaysThatTheyDoNotTrain()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path);
        await model.AppendAsync(TestModel.Camps(users: 4, itemsOfCamp: 3, length: 5, InteractionType.Dislike));

        var error = await Assert.ThrowsAsync<NothingToTrainException>(model.TrainAsync);

        Assert.Contains("none of its 20 interactions is of a type that trains", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_NoSessionOfTwoItems_NamesTheOptions()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path);
        await model.AppendAsync(TestModel.Camps(users: 4, itemsOfCamp: 3, length: 1));

        var error = await Assert.ThrowsAsync<NothingToTrainException>(model.TrainAsync);

        Assert.Contains("SessionGap", error.Message, StringComparison.Ordinal);
        Assert.Contains("MinimumCount", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_AfterARefusedOne_TrainsAgain()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path);
        await Assert.ThrowsAsync<NothingToTrainException>(model.TrainAsync);
        await model.AppendAsync(TestModel.Camps(users: 40, itemsOfCamp: 10, length: 10));

        var outcome = await model.TrainAsync();

        Assert.Equal(1, outcome.Generation.Number);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10_000)]
    public async Task Start_TwoCamps_ServesAGenerationWhereNeighboursAreOfOneCamp(int exactSearchBelow)
    {
        var options = TestModel.SmallOptions with
        {
            ExactSearchBelow = exactSearchBelow,
            Training = TestModel.SmallOptions.Training with { Epochs = 20 },
        };
        await using var model = await TestModel.OpenAsync(_temporary.Path, options);
        await model.AppendAsync(TestModel.Camps(users: 200, itemsOfCamp: 20, length: 20));

        var outcome = await model.TrainAsync();

        Assert.Equal(outcome.Generation, model.Runtime.Generations.Serving);
        Assert.Equal((40, 16), (outcome.Generation.ItemCount, outcome.Generation.Dimension));
        Assert.Equal(new LogOffset(4000), outcome.Generation.TrainedOffset);
        Assert.True(model.Runtime.Generations.TryLease(out var lease));
        using (lease)
        {
            var generation = lease.Generation;
            // A graph takes memory of its own, a scan none.
            Assert.Equal(exactSearchBelow == 0, generation.Similar.SizeBytes > 0);
            var neighbors = new Neighbor[5];
            for (var item = 0; item < generation.Vocabulary.Count; item++)
            {
                var id = generation.Vocabulary.IdOf(new ItemOrdinal(item));
                var found = generation.Similar.Search(generation.Similarity[new ItemOrdinal(item)], new SearchParameters(5), neighbors, TestContext.Current.CancellationToken);
                Assert.Equal(5, found);
                Assert.All(neighbors, neighbor => Assert.Equal(id[..5], generation.Vocabulary.IdOf(neighbor.Item)[..5]));
            }
        }
    }

    [Fact]
    public async Task Start_Trained_TellsItsMetrics()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path, TestModel.SmallOptions with { ExactSearchBelow = 0 });
        await model.AppendAsync(TestModel.Camps(users: 50, itemsOfCamp: 50, length: 20));

        var metrics = (await model.TrainAsync()).Generation.Metrics;

        Assert.Equal(1000, metrics["training.interactions"]);
        Assert.Equal(50, metrics["training.sessions"]);
        Assert.All(
            ["training.words_per_second", "training.loss", "training.seconds", "index.build_seconds", "size.vector_bytes", "size.index_bytes", "size.vocabulary_bytes"],
            name => Assert.True(metrics[name] > 0, name));
        Assert.InRange(metrics["index.recall_at_10"], 0.9, 1);
        Assert.InRange(metrics["index.next_recall_at_10"], 0.9, 1);
    }

    [Fact]
    public async Task Start_DislikesAmongClicks_DoNotTrain()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path);
        await model.AppendAsync(TestModel.Camps(users: 40, itemsOfCamp: 10, length: 10));
        await model.AppendAsync([new("user-1", "hated", InteractionType.Dislike, 1_700_000_001_000), new("user-1", "shown", InteractionType.Impression, 1_700_000_001_000)]);

        await model.TrainAsync();

        Assert.True(model.Runtime.Generations.TryLease(out var lease));
        using (lease)
        {
            Assert.False(lease.Generation.Vocabulary.TryGetOrdinal("hated", out _));
            Assert.False(lease.Generation.Vocabulary.TryGetOrdinal("shown", out _));
            Assert.Equal(new LogOffset(402), lease.Generation.TrainedOffset);
        }
    }

    [Fact]
    public async Task Watch_WholeTraining_TellsEveryPhaseInOrderToItsEnd()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path);
        await model.AppendAsync(TestModel.Camps(users: 40, itemsOfCamp: 10, length: 10));

        var told = await model.Runtime.Training.Start()
            .WatchAsync(TimeSpan.FromMilliseconds(1), TimeProvider.System, TestContext.Current.CancellationToken)
            .ToListAsync(TestContext.Current.CancellationToken);

        Assert.Equal([TrainingPhase.Read, TrainingPhase.Train, TrainingPhase.Index, TrainingPhase.Write, TrainingPhase.Swap], told.Where(status => status.Fraction == 1).Select(status => status.Phase).Distinct());
        Assert.Equal(told.Select(status => status.Phase).Order(), told.Select(status => status.Phase));
        Assert.All(told, status => Assert.InRange(status.Fraction, 0, 1));
    }

    [Fact]
    public async Task Start_WhileOneRuns_JoinsItAndStopEndsBoth()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path, Endless);
        await model.AppendAsync(TestModel.Camps(users: 200, itemsOfCamp: 50, length: 50));

        var run = model.Runtime.Training.Start();
        Assert.Same(run, model.Runtime.Training.Start());
        Assert.True(model.Runtime.Training.IsTraining);
        model.Runtime.Training.Stop();

        var error = await Assert.ThrowsAsync<TrainingStoppedException>(() => run.Completion.WaitAsync(TestContext.Current.CancellationToken));
        Assert.Contains("'default'", error.Message, StringComparison.Ordinal);
        Assert.Throws<TrainingStoppedException>(() => model.Runtime.Training.Start());
        Assert.Null(model.Runtime.Generations.Serving);
        Assert.Empty(model.Runtime.StoredGenerations());
    }

    [Fact]
    public async Task HeldBytes_WhileTraining_AreTheCorpusAndTheMatrices_AndNoneWhenItEnded()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path, Endless);
        await model.AppendAsync(TestModel.Camps(users: 200, itemsOfCamp: 50, length: 50));
        Assert.Equal(0, model.Runtime.Training.HeldBytes);
        var run = model.Runtime.Training.Start();
        await foreach (var status in run.WatchAsync(TimeSpan.FromMilliseconds(1), TimeProvider.System, TestContext.Current.CancellationToken))
        {
            if (status is { Phase: TrainingPhase.Train, Fraction: > 0 }) break;
        }

        // 100 items of 16 values in W1 and W2, and 10,000 interactions of at least an ordinal each.
        Assert.InRange(model.Runtime.Training.HeldBytes, (2 * 100 * 16 * 4) + (10_000 * 4), 1 << 20);
        model.Runtime.Training.Stop();
        await Assert.ThrowsAsync<TrainingStoppedException>(() => run.Completion.WaitAsync(TestContext.Current.CancellationToken));
        Assert.Equal(0, model.Runtime.Training.HeldBytes);
    }

    [Fact]
    public async Task DisposeAsync_WhileTraining_WaitsUntilItsThreadsAreJoined()
    {
        var model = await TestModel.OpenAsync(_temporary.Path, Endless);
        await model.AppendAsync(TestModel.Camps(users: 200, itemsOfCamp: 50, length: 50));
        var run = model.Runtime.Training.Start();
        await foreach (var status in run.WatchAsync(TimeSpan.FromMilliseconds(1), TimeProvider.System, TestContext.Current.CancellationToken))
        {
            if (status is { Phase: TrainingPhase.Train, Fraction: > 0 }) break;
        }

        await model.DisposeAsync();

        Assert.True(run.Completion.IsFaulted);
        Assert.False(model.Runtime.Training.IsTraining);
    }

    [Fact]
    public async Task ServeStoredGeneration_AfterReopening_ServesTheSameGenerationBeforeAnyTraining()
    {
        GenerationInfo trained;
        float[] vector;
        await using (var model = await TestModel.OpenAsync(_temporary.Path))
        {
            await model.AppendAsync(TestModel.Camps(users: 40, itemsOfCamp: 10, length: 10));
            trained = (await model.TrainAsync()).Generation;
            model.Runtime.Generations.TryLease(out var lease);
            using (lease) vector = lease.Generation.Input[new ItemOrdinal(3)].ToArray();
        }

        await using var reopened = await TestModel.OpenAsync(_temporary.Path);
        Assert.Null(reopened.Runtime.Generations.Serving);
        var loaded = reopened.Runtime.ServeStoredGeneration(TestContext.Current.CancellationToken);

        Assert.Equal((trained.Id, trained.Number, trained.CreateTime, trained.TrainedOffset), (loaded!.Id, loaded.Number, loaded.CreateTime, loaded.TrainedOffset));
        Assert.Equal(trained.Metrics, loaded.Metrics);
        Assert.True(reopened.Runtime.Generations.TryLease(out var again));
        using (again) Assert.Equal(vector, again.Generation.Input[new ItemOrdinal(3)]);
        Assert.Equal(2, (await reopened.TrainAsync()).Generation.Number);
    }

    [Fact]
    public async Task Start_ManyTimes_KeepsTheLastGenerationsAndFreesTheOthers()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path, TestModel.SmallOptions with { KeepGenerations = 2 });
        await model.AppendAsync(TestModel.Camps(users: 40, itemsOfCamp: 10, length: 10));
        var generations = new List<Generation>();
        for (var training = 0; training < 4; training++)
        {
            await model.TrainAsync();
            model.Runtime.Generations.TryLease(out var lease);
            using (lease) generations.Add(lease.Generation);
        }

        Assert.Equal([4, 3], model.Runtime.StoredGenerations().Select(stored => stored.Number));
        Assert.Equal([true, true, true, false], generations.Select(generation => generation.IsFreed));
    }

    [Fact]
    public async Task Start_GenerationsDirectoryIsGone_FailsPreciselyAndTheOldGenerationServes()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path);
        await model.AppendAsync(TestModel.Camps(users: 40, itemsOfCamp: 10, length: 10));
        var first = (await model.TrainAsync()).Generation;
        var directory = _temporary.At("models", "default", "generations");
        Directory.Move(directory, directory + "-moved");
        File.WriteAllText(directory, "a file where the directory was");

        var error = await Assert.ThrowsAsync<GenerationNotWrittenException>(model.TrainAsync);

        Assert.Contains(directory, error.Message, StringComparison.Ordinal);
        Assert.Equal(first, model.Runtime.Generations.Serving);
        model.Runtime.Generations.TryLease(out var lease);
        using (lease) Assert.Equal(16, lease.Generation.Input[new ItemOrdinal(0)].Length);
    }

    [Fact]
    public async Task Start_OneThreadAndASeed_TrainsTheSameVectorsEveryTime()
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path);
        await model.AppendAsync(TestModel.Camps(users: 40, itemsOfCamp: 10, length: 10));
        var vectors = new List<float[]>();
        for (var training = 0; training < 2; training++)
        {
            await model.TrainAsync();
            model.Runtime.Generations.TryLease(out var lease);
            using (lease) vectors.Add([.. Enumerable.Range(0, 20).SelectMany(item => lease.Generation.Input[new ItemOrdinal(item)].ToArray())]);
        }

        Assert.Equal(vectors[0], vectors[1]);
    }

    [Theory]
    [InlineData(TrainingObjective.CbowNegativeSampling, 0)]
    [InlineData(TrainingObjective.SkipGramNegativeSampling, 10)]
    public async Task Start_OtherObjectivesAndSharedRows_ServeOneVectorAnItem(TrainingObjective objective, int maximumVocabulary)
    {
        var training = TestModel.SmallOptions.Training with { Objective = objective, MaximumVocabulary = maximumVocabulary };
        await using var model = await TestModel.OpenAsync(_temporary.Path, TestModel.SmallOptions with { Training = training });
        await model.AppendAsync(TestModel.Camps(users: 40, itemsOfCamp: 10, length: 10));

        var outcome = await model.TrainAsync();

        Assert.Equal((20, 16), (outcome.Generation.ItemCount, outcome.Generation.Dimension));
        Assert.True(model.Runtime.Generations.TryLease(out var lease));
        using (lease)
        {
            var found = new Neighbor[10];
            Assert.Equal((20, 20), (lease.Generation.Input.Rows, lease.Generation.Output.Rows));
            Assert.True(lease.Generation.Info.PredictsNext);
            Assert.Equal(10, lease.Generation.Next.Search(lease.Generation.Input[new ItemOrdinal(0)], new SearchParameters(10), found, TestContext.Current.CancellationToken));
        }
    }

    [Theory]
    [InlineData(TrainingObjective.SkipGramHierarchicalSoftmax)]
    [InlineData(TrainingObjective.CbowHierarchicalSoftmax)]
    public async Task Start_HierarchicalSoftmax_HasNoW2InMemoryNorOnDiskAndStartsAgain(TrainingObjective objective)
    {
        var options = TestModel.SmallOptions with
        {
            Training = TestModel.SmallOptions.Training with { Objective = objective },
            Promotion = new PromotionOptions { MinimumQueries = 20, K = 5 },
            ExactSearchBelow = 0,
        };
        await using (var model = await TestModel.OpenAsync(_temporary.Path, options))
        {
            await model.AppendAsync(TestModel.Camps(users: 40, itemsOfCamp: 10, length: 10));
            await model.TrainAsync();
            await model.AppendAsync(TestModel.Camps(users: 60, itemsOfCamp: 10, length: 10));
            // Compared with the one before it, then trained again on everything.
            var compared = (await model.TrainAsync()).Generation;

            Assert.Equal(PromotionVerdict.Promoted, compared.Promotion!.Verdict);
            Assert.DoesNotContain(GenerationMetrics.NextRecallAt10, compared.Metrics.Keys);
            AssertServesW1Alone(model);
        }

        await using var again = await TestModel.OpenAsync(_temporary.Path, options);
        Assert.NotNull(again.Runtime.ServeStoredGeneration(TestContext.Current.CancellationToken));
        AssertServesW1Alone(again);
    }

    [Theory]
    [InlineData(SimilarVectors.Space)]
    [InlineData(SimilarVectors.Input)]
    [InlineData(SimilarVectors.Output)]
    [InlineData(SimilarVectors.Sum)]
    public async Task Start_EveryVectorSource_ServesItForSimilarItems(SimilarVectors source)
    {
        await using var model = await TestModel.OpenAsync(_temporary.Path, TestModel.SmallOptions with { VectorSource = source });
        await model.AppendAsync(TestModel.Camps(users: 40, itemsOfCamp: 10, length: 10));

        await model.TrainAsync();

        Assert.True(model.Runtime.Generations.TryLease(out var lease));
        using (lease)
        {
            var (generation, item) = (lease.Generation, new ItemOrdinal(3));
            var query = new float[16];
            generation.SimilarityQuery(item, query);
            float[]? expected = source switch
            {
                SimilarVectors.Input => generation.Input[item].ToArray(),
                SimilarVectors.Output => generation.Output[item].ToArray(),
                SimilarVectors.Sum => [.. generation.Input[item].ToArray().Zip(generation.Output[item].ToArray(), (a, b) => a + b)],
                _ => null,
            };
            Assert.Equal(source, generation.Info.VectorSource);
            Assert.Equal(source == SimilarVectors.Space, generation.HasSimilaritySpace);
            if (expected is not null) Assert.Equal(expected, query);
            var nearest = new Neighbor[10];
            Assert.Equal(10, generation.Similar.Search(query, new SearchParameters(10), nearest, TestContext.Current.CancellationToken));
            if (source != SimilarVectors.Space) Assert.Equal(item, nearest[0].Item);
        }
    }

    public void Dispose() => _temporary.Dispose();

    private void AssertServesW1Alone(TestModel model)
    {
        Assert.True(model.Runtime.Generations.TryLease(out var lease));
        using (lease)
        {
            var generation = lease.Generation;
            Assert.False(generation.Info.PredictsNext);
            Assert.Throws<InvalidOperationException>(() => generation.Output);
            Assert.Throws<InvalidOperationException>(() => generation.Next);
            Assert.Null(generation.Folder);
            Assert.Equal((generation.Input.SizeBytes, generation.Similar.SizeBytes), (generation.VectorBytes, generation.IndexBytes));
            Assert.Equal(10, generation.Similar.Search(generation.Input[new ItemOrdinal(0)], new SearchParameters(10), new Neighbor[10], TestContext.Current.CancellationToken));
            var directory = Directory.EnumerateDirectories(_temporary.At("models", "default", "generations")).Single(path => path.EndsWith(generation.IdText, StringComparison.Ordinal));
            Assert.Equal(["input.vectors", "manifest.json", "similar.hnsw", "vocabulary.bin"], Directory.EnumerateFiles(directory).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        }
    }

    private static ModelOptions Endless => TestModel.SmallOptions with { Training = new TrainingOptions { Dimension = 16, Epochs = 10_000, Threads = 2 } };
}
