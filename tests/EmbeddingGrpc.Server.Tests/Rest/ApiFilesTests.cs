using EmbeddingGrpc.Protocol.V1;
using EmbeddingGrpc.Server.Rest;

namespace EmbeddingGrpc.Server.Tests.Rest;

public sealed class ApiFilesTests
{
    [Fact]
    public void Services_Loaded_AreThoseOfTheGeneratedCode()
    {
        var generated = typeof(EventService).Assembly.GetTypes()
            .Where(type => type.Name.EndsWith("Reflection", StringComparison.Ordinal) && type.GetProperty("Descriptor") is not null)
            .Select(type => (Google.Protobuf.Reflection.FileDescriptor)type.GetProperty("Descriptor")!.GetValue(null)!)
            .SelectMany(file => file.Services).Select(service => service.FullName);
        Assert.Equal(generated.Order(), ApiFiles.Services.Select(service => service.FullName));
    }

    [Fact]
    public void CommentOf_EveryMethod_SaysSomething()
    {
        foreach (var method in ApiFiles.Services.SelectMany(service => service.Methods)) Assert.False(string.IsNullOrWhiteSpace(ApiFiles.CommentOf(method)), method.FullName);
    }
}
