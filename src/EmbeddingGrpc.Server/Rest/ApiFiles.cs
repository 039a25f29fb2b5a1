using EmbeddingGrpc.Protocol.V1;
using Google.Api;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace EmbeddingGrpc.Server.Rest;

/// <summary>
/// The API's <c>.proto</c> files as protoc read them. Unlike the generated descriptors they carry the comments, from which the API is described.
/// </summary>
internal static class ApiFiles
{
    private const string Suffix = ".protobin";

    // What the files of the API may import.
    private static readonly FileDescriptor[] Imports =
    [
        DescriptorReflection.Descriptor, HttpReflection.Descriptor, AnnotationsReflection.Descriptor,
        TimestampReflection.Descriptor, DurationReflection.Descriptor, StructReflection.Descriptor, WrappersReflection.Descriptor, FieldMaskReflection.Descriptor, EmptyReflection.Descriptor,
        AnyReflection.Descriptor,
    ];

    /// <summary>Services of the API in order of their names.</summary>
    public static IReadOnlyList<ServiceDescriptor> Services { get; } =
        [.. Load().SelectMany(file => file.Services).OrderBy(service => service.FullName, StringComparer.Ordinal)];

    /// <summary>What the comment above a declaration says; null where there is none.</summary>
    public static string? CommentOf(IDescriptor descriptor)
    {
        var declaration = descriptor switch
        {
            MethodDescriptor method => method.Declaration,
            ServiceDescriptor service => service.Declaration,
            MessageDescriptor message => message.Declaration,
            FieldDescriptor field => field.Declaration,
            EnumDescriptor type => type.Declaration,
            _ => null,
        };
        var comment = declaration?.LeadingComments.Trim();
        return string.IsNullOrEmpty(comment) ? null : string.Join(' ', comment.Split('\n').Select(line => line.Trim()));
    }

    private static IEnumerable<FileDescriptor> Load()
    {
        var own = ReadOwn();
        var ordered = new List<ByteString>(Imports.Select(import => import.SerializedData));
        var done = new HashSet<string>();
        foreach (var file in own.Values) AddAfterItsImports(file, own, done, ordered);
        var registry = new ExtensionRegistry { AnnotationsExtensions.Http };
        return FileDescriptor.BuildFromByteStrings(ordered, registry).Where(file => own.ContainsKey(file.Name));
    }

    private static Dictionary<string, FileDescriptorProto> ReadOwn()
    {
        var assembly = typeof(EventService).Assembly;
        var files = new Dictionary<string, FileDescriptorProto>(StringComparer.Ordinal);
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.EndsWith(Suffix, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(name)!;
            foreach (var file in FileDescriptorSet.Parser.ParseFrom(stream).File) files.Add(file.Name, file);
        }

        return files;
    }

    private static void AddAfterItsImports(FileDescriptorProto file, Dictionary<string, FileDescriptorProto> own, HashSet<string> done, List<ByteString> ordered)
    {
        if (!done.Add(file.Name)) return;
        foreach (var import in file.Dependency)
            if (own.TryGetValue(import, out var imported))
                AddAfterItsImports(imported, own, done, ordered);
        ordered.Add(file.ToByteString());
    }
}
