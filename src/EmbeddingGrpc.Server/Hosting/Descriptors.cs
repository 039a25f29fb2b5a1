using EmbeddingGrpc.Protocol.V1;
using Google.Protobuf.Reflection;
using Google.Rpc;

namespace EmbeddingGrpc.Server.Hosting;

/// <summary>
/// Descriptors of the API's messages and of its errors' details, each of which is made when it is first asked for. Two threads that have different ones made at the same time can break the
/// library's cache of extensions (<see href="https://github.com/protocolbuffers/protobuf/issues/29696">protobuf issue 29696</see>), and then no descriptor can be made any more in that process.
/// </summary>
internal static class Descriptors
{
    private static readonly Lazy<FileDescriptor[]> Made = new(static () =>
    [
        EventService.Descriptor.File, RecallService.Descriptor.File, ModelService.Descriptor.File, CatalogService.Descriptor.File,
        ErrorDetailsReflection.Descriptor, StatusReflection.Descriptor,
    ]);

    /// <summary>The files that describe them; what these import is made with them.</summary>
    public static IReadOnlyList<FileDescriptor> Files => Made.Value;

    /// <summary>Has all of them made, by one thread; who comes meanwhile waits. To be called before any is used. Thread-safe.</summary>
    public static void MakeReady() => _ = Made.Value;
}
