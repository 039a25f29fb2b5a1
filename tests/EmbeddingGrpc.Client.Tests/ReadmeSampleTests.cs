using System.Runtime.CompilerServices;
using EmbeddingGrpc.Client.Tests.Scripted;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Client.Tests;

public sealed class ReadmeSampleTests
{
    [Fact]
    public async Task Readme_Sample_IsTheCompiledOne()
    {
        var readme = await File.ReadAllLinesAsync(FromHere("../../src/EmbeddingGrpc.Client/README.md"), TestContext.Current.CancellationToken);
        var source = await File.ReadAllLinesAsync(FromHere("ReadmeSample.cs"), TestContext.Current.CancellationToken);

        var shown = readme.SkipWhile(line => line != "```csharp").Skip(1).TakeWhile(line => line != "```");
        var compiled = source
            .SkipWhile(line => line.Trim() != "// begin").Skip(1).TakeWhile(line => line.Trim() != "// end")
            .Select(line => line.Length > 0 ? line[8..] : line);

        Assert.NotEmpty(shown);
        Assert.Equal(compiled, shown);
    }

    [Fact]
    public async Task RunAsync_AgainstAServer_SendsTrainsAndAsks()
    {
        var script = new DaemonScript
        {
            OnTrain = responses => responses.WriteAsync(new TrainModelResponse { Result = new TrainingResult() }),
            OnRecall = request => new RecallResponse { Candidates = { new Candidate { ItemId = "like " + request.Item.ItemId, Score = 0.5f } } },
        };
        await using var daemon = await ScriptedDaemon.StartAsync(script);
        using var output = new StringWriter();

        await ReadmeSample.RunAsync(daemon.Address, output);

        Assert.Equal(["metropolis", "nosferatu"], script.Store.Kept.Select(i => i.ItemId));
        Assert.Equal("like metropolis 0.5", output.ToString().Trim());
    }

    private static string FromHere(string path, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, path);
}
