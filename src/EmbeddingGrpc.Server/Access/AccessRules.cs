namespace EmbeddingGrpc.Server.Access;

/// <summary>Which role a call needs.</summary>
internal static class AccessRules
{
    private static readonly string[] Reading = ["Get", "List"];

    /// <param name="method">A gRPC method such as <c>/embeddinggrpc.v1.RecallService/Recall</c>.</param>
    /// <returns>The role. A call that nobody thought of needs <see cref="AccessRole.Admin"/>.</returns>
    public static AccessRole RoleFor(string method)
    {
        var slash = method.LastIndexOf('/');
        var service = method.AsSpan(1, slash - 1);
        var call = method.AsSpan(slash + 1);
        if (service.SequenceEqual("embeddinggrpc.v1.RecallService")) return AccessRole.Recall;
        if (service.SequenceEqual("embeddinggrpc.v1.EventService")) return AccessRole.Ingest;
        if (service.StartsWith("grpc.reflection.")) return AccessRole.None;
        foreach (var word in Reading)
        {
            if (call.StartsWith(word)) return AccessRole.None;
        }

        return AccessRole.Admin;
    }
}
