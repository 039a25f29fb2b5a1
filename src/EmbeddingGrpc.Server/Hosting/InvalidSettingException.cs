namespace EmbeddingGrpc.Server.Hosting;

/// <summary>A setting was given that does not exist. Names it and those that do.</summary>
public sealed class InvalidSettingException(string message) : Exception(message);
