namespace Tenon.OpenStack.Http;

/// <summary>
/// The last thing before the network: lets through what cannot change a cloud, which is GET, HEAD and the POST that gets a
/// token, and nothing else.
/// </summary>
internal sealed class ReadOnlyHandler(Uri tokensUrl, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        bool reads = request.Method == HttpMethod.Get || request.Method == HttpMethod.Head;
        bool authenticates = request.Method == HttpMethod.Post && request.RequestUri == tokensUrl;
        if (!reads && !authenticates) throw new ReadOnlyCloudException($"{request.Method} {request.RequestUri?.AbsolutePath}");
        return base.SendAsync(request, cancellationToken);
    }
}
