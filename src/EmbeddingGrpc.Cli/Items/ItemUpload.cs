using System.Text.RegularExpressions;
using EmbeddingGrpc.Cli.Ingestion;
using EmbeddingGrpc.Cli.Sources;
using EmbeddingGrpc.Client;
using Google.Rpc;
using Grpc.Core;

namespace EmbeddingGrpc.Cli.Items;

/// <summary>Sends items in batches. An item that the daemon refuses is told by its line, and the others of its batch are sent without it.</summary>
internal sealed partial class ItemUpload(EmbeddingClient client, RefusalLog refusals)
{
    private const int ItemsOfBatch = 1000;

    // The daemon takes 4 MB unless told otherwise.
    private const int BytesOfBatch = 2 * 1024 * 1024;

    /// <summary>Items on the daemon's disk.</summary>
    public long Upserted { get; private set; }

    /// <summary>Sends all items of a source.</summary>
    /// <param name="items">In their order: of an item that comes twice the later one stays.</param>
    /// <param name="progress">Told the items that were read, between two batches.</param>
    /// <param name="cancellationToken">Ends it between two batches.</param>
    public async Task RunAsync(IEnumerable<ReadItem> items, Action<long> progress, CancellationToken cancellationToken)
    {
        var batch = new List<ReadItem>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        var (bytes, read) = (0, 0L);
        foreach (var one in items)
        {
            read++;
            if (one.Item is not { } item)
            {
                refusals.Add(new SourcePosition(one.Line, 0), one.Problem!);
                continue;
            }

            // A call names each item once.
            if (batch.Count == ItemsOfBatch || bytes > BytesOfBatch || !ids.Add(item.ItemId))
            {
                await SendAsync(batch, cancellationToken);
                progress(read);
                (batch, bytes) = ([], 0);
                ids = new HashSet<string>(StringComparer.Ordinal) { item.ItemId };
            }

            batch.Add(one);
            bytes += item.CalculateSize();
        }

        await SendAsync(batch, cancellationToken);
    }

    private async Task SendAsync(List<ReadItem> batch, CancellationToken cancellationToken)
    {
        while (batch.Count > 0)
        {
            try
            {
                await client.UpsertItemsAsync(batch.Select(one => one.Item!), cancellationToken);
                Upserted += batch.Count;
                return;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.InvalidArgument && e.GetRpcStatus()?.GetDetail<BadRequest>() is { } faults && TakeOut(batch, faults))
            {
                // The rest is another batch.
            }
        }
    }

    /// <summary>Removes the items at fault.</summary>
    /// <returns>False where no item is: then the call itself is wrong.</returns>
    private bool TakeOut(List<ReadItem> batch, BadRequest faults)
    {
        var found = faults.FieldViolations.Select(fault => (Place: ItemField().Match(fault.Field), Fault: fault)).Where(fault => fault.Place.Success)
            .Select(fault => (At: int.Parse(fault.Place.Groups["at"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture), Field: fault.Place.Groups["rest"].Value, fault.Fault.Description))
            .Where(fault => fault.At < batch.Count)
            .ToList();
        foreach (var (at, field, description) in found) refusals.Add(new SourcePosition(batch[at].Line, 0), $"{field} {description}");
        foreach (var at in found.Select(fault => fault.At).Distinct().OrderDescending()) batch.RemoveAt(at);
        return found.Count > 0;
    }

    [GeneratedRegex(@"^items\[(?<at>\d+)\]\.(?<rest>.*)$", RegexOptions.Singleline)]
    private static partial Regex ItemField();
}
