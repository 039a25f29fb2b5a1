using System.Reflection;
using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Hosting;
using Google.Protobuf.Reflection;

namespace EmbeddingGrpc.Server.Tests.Hosting;

public sealed class DescriptorsTests
{
    [Fact]
    public void Files_WithWhatTheyImport_AreAllOfTheApi()
    {
        var made = new HashSet<string>();
        foreach (var file in Descriptors.Files) Add(file);

        var ours = typeof(RecallService).Assembly.GetTypes()
            .Select(type => type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static)).Where(property => property?.PropertyType == typeof(FileDescriptor))
            .Select(property => ((FileDescriptor)property!.GetValue(null)!).Name).ToArray();

        Assert.Contains("embeddinggrpc/v1/recall.proto", ours);
        Assert.Empty(ours.Except(made));

        void Add(FileDescriptor file)
        {
            if (!made.Add(file.Name)) return;
            foreach (var imported in file.Dependencies) Add(imported);
        }
    }
}
