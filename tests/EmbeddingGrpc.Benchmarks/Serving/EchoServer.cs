using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EmbeddingGrpc.Benchmarks.Serving;

/// <summary>
/// <c>echo-server PORT [same]</c>: what a bare ASP.NET Core gRPC service can do with the messages of <c>Recall</c>: it answers every request with as many made-up
/// candidates as were asked for, and does nothing else; with <c>same</c> it answers with one message made beforehand. <c>embedctl bench recall</c> measures it as it measures the daemon. Ends with SIGTERM; the
/// last line is JSON: calls, allocated bytes, collections.
/// </summary>
internal static class EchoServer
{
    public static async Task<int> RunAsync(string[] args)
    {
        if (args is not [_] and not [_, "same"]) throw new ArgumentException("echo-server PORT [same]");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.ListenLocalhost(int.Parse(args[0], CultureInfo.InvariantCulture), end => end.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(new EchoRecallService.SameAnswer(args.Length > 1));
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
