using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tenon.Core;

namespace Tenon.Nodes.Plugging;

/// <summary>
/// The node's attachments, a file each in a folder that a reboot empties, as it empties the kernel of what they describe. Files are written aside and renamed:
/// a crash leaves the old one or the new one.
/// </summary>
internal sealed partial class AttachmentBook
{
    private const string Suffix = ".json";
    private readonly ConcurrentDictionary<string, Attachment> _attachments = new(StringComparer.Ordinal);
    private readonly string _folder;

    private AttachmentBook(string folder) => _folder = folder;

    /// <summary>All attachments.</summary>
    public IReadOnlyCollection<Attachment> All => [.. _attachments.Values];

    /// <summary>Opens the book.</summary>
    /// <param name="folder">Its folder, which is made where it is missing.</param>
    /// <param name="logger">Told of files that cannot be read. What they described is found by its marks.</param>
    public static AttachmentBook Open(string folder, ILogger logger)
    {
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var book = new AttachmentBook(folder);
        foreach (string path in Directory.EnumerateFiles(folder))
        {
            if (!path.EndsWith(Suffix, StringComparison.Ordinal))
            {
                File.Delete(path);
                continue;
            }

            try
            {
                if (JsonSerializer.Deserialize(File.ReadAllBytes(path), AttachmentJson.Default.Attachment) is { } attachment) book._attachments[attachment.ContainerId] = attachment;
            }
            catch (JsonException e)
            {
                LogUnreadable(logger, path, e.Message);
                File.Delete(path);
            }
        }

        return book;
    }

    /// <summary>A container's attachment, or <see langword="null"/>.</summary>
    public Attachment? Find(string containerId) => _attachments.GetValueOrDefault(containerId);

    /// <summary>The attachments of a pod; more than one while a new container replaces an old one.</summary>
    public IReadOnlyList<Attachment> Of(NamespacedName pod) => [.. _attachments.Values.Where(a => a.Pod == pod)];

    /// <summary>The attachments of a port to other containers than one.</summary>
    public IReadOnlyList<Attachment> OthersOf(string portId, string containerId) => [.. _attachments.Values.Where(a => a.PortId == portId && a.ContainerId != containerId)];

    /// <summary>Writes an attachment down, in place of the container's earlier one.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Put(Attachment attachment)
    {
        string path = PathOf(attachment.ContainerId);
        File.WriteAllBytes(path + ".new", JsonSerializer.SerializeToUtf8Bytes(attachment, AttachmentJson.Default.Attachment));
        File.Move(path + ".new", path, overwrite: true);
        _attachments[attachment.ContainerId] = attachment;
    }

    /// <summary>Strikes an attachment out.</summary>
    public void Remove(string containerId)
    {
        File.Delete(PathOf(containerId));
        _attachments.TryRemove(containerId, out _);
    }

    private string PathOf(string containerId) => Path.Combine(_folder, containerId + Suffix);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Path} cannot be read and is removed: {Message}")]
    private static partial void LogUnreadable(ILogger logger, string path, string message);
}
