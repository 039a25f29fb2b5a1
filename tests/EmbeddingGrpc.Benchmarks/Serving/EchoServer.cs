using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.Benchmarks.Serving;

/// <summary>
/// <c>echo-server PORT [same] [GENERATION]</c>: what a bare ASP.NET Core gRPC service can do with the messages of <c>Recall</c>: it answers every request with as many made-up
/// candidates as were asked for, and does nothing else; with <c>same</c> it answers with one message made beforehand; with a generation (a directory
/// below <c>models/NAME/generations</c>) it searches for the vectors of requests before it answers: the least that a searched call can cost with this server. <c>embedctl bench recall</c> measures it as it measures the daemon. Ends with SIGTERM; the
/// last line is JSON: calls, allocated bytes, collections.
/// </summary>
internal static class EchoServer
{
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not [_, ..] || args.Length > 3 || (args.Length == 3 && args[1] != "same")) throw new ArgumentException("echo-server PORT [same] [GENERATION]");
        var isSame = args.Contains("same");
        using var searched = args.Length > (isSame ? 2 : 1) ? new OpenedGeneration(args[^1]) : null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.ListenLocalhost(int.Parse(args[0], CultureInfo.InvariantCulture), end => end.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(new EchoRecallService.SameAnswer(isSame));
        if (searched is not null) builder.Services.AddSingleton(searched);
        await using var app = builder.Build();
        app.MapGrpcService<EchoRecallService>();
        await app.RunAsync();
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            calls = EchoRecallService.Calls,
            allocated_bytes = GC.GetTotalAllocatedBytes(),
            gen0 = GC.CollectionCount(0),
            gen1 = GC.CollectionCount(1),
            gen2 = GC.CollectionCount(2),
        }));
        return 0;
    }
}
