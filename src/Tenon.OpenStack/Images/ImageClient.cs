using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Tenon.OpenStack.Http;

namespace Tenon.OpenStack.Images;

/// <summary>An image that servers boot.</summary>
/// <param name="Id">The ID.</param>
/// <param name="Name">The name; not unique.</param>
public sealed record Image(string Id, string Name);

/// <summary>Glance.</summary>
public sealed class ImageClient
{
    private readonly ServiceChannel _channel;

    internal ImageClient(ServiceChannel channel) => _channel = channel;

    /// <summary>The images that the project may use and that are complete, page by page.</summary>
    public async IAsyncEnumerable<Image> ListImagesAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var call = new ApiCall
        {
            Operation = "image.images.list",
            Method = HttpMethod.Get,
            Path = "images",
            Query = Query.Empty.With("status", "active").With("limit", _channel.PageSize),
        };
        await foreach (ImageWire image in _channel.ListAsync<ImagesWire, ImageWire>(call, ImageJson.Default.ImagesWire, i => i.Id, cancellationToken))
            yield return new(image.Id, image.Name ?? "");
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ImagesWire))]
internal sealed partial class ImageJson : JsonSerializerContext;

internal sealed record ImagesWire(ImageWire[]? Images, string? Next) : IPage<ImageWire>
{
    IReadOnlyList<ImageWire> IPage<ImageWire>.Items => Images ?? [];

    string? IPage<ImageWire>.NextLink => Next;
}

internal sealed record ImageWire
{
    public string Id { get; init; } = "";

    public string? Name { get; init; }
}
