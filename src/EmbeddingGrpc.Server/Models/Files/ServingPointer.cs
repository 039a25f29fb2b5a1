using System.Text;

namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>Which generation serves: one small file beside the generations, replaced in one durable step.</summary>
internal sealed class ServingPointer(string generationsDirectory, DurableFiles files)
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "serving";

    private readonly string _path = Path.Combine(generationsDirectory, FileName);

    /// <summary>Reads it. Null where there is none yet.</summary>
    /// <exception cref="GenerationFileException">It cannot be read or does not name a generation.</exception>
    public GenerationName? Read()
    {
        try
        {
            if (!File.Exists(_path)) return null;
            var text = File.ReadAllText(_path, Encoding.UTF8).TrimEnd('\n');
            return GenerationName.TryParse(text, out var name) ? name : throw new GenerationFileException(_path, "it does not hold a generation's name.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GenerationFileException(_path, e.Message, e);
        }
    }

    /// <summary>Points it at a generation.</summary>
    public void Write(GenerationName name) => files.Replace(_path, stream => stream.Write(Encoding.UTF8.GetBytes($"{name}\n")));
}
