using EmbeddingGrpc.Cli.Terminal;
using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Items;

/// <summary>The stores of a receipt, for people and for programs. Stateless.</summary>
internal static class ErasureReceipt
{
    /// <summary>Writes a row for each store.</summary>
    public static void Write(CommandConsole terminal, IEnumerable<ErasedStore> stores) => terminal.WriteRows(
        ["store", "free since", "what was done"],
        stores.Select(store => (IReadOnlyList<string>)[store.Name, store.FreeTime is null ? "-" : $"{store.FreeTime.ToDateTimeOffset():yyyy-MM-dd HH:mm:ss}Z", store.Description]));

    /// <summary>The same as JSON has it.</summary>
    public static IEnumerable<object> Document(IEnumerable<ErasedStore> stores) =>
        stores.Select(store => new { store.Name, FreeTime = store.FreeTime?.ToDateTimeOffset(), store.Description });
}
