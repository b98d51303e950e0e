using System.Net;
using System.Net.Sockets;
using System.Text;
using Tenon.EndToEnd.Tests.Support;

namespace Tenon.EndToEnd.Tests.Cloud.Support;

/// <summary>The machine itself as a client on the external network; every request is a connection, and so a source port, of its own.</summary>
internal static class Outside
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    /// <summary>What an HTTP server answers; <c>null</c> when it does not, or not in time, which is a second.</summary>
    public static async Task<string?> FetchAsync(string address, int port, TimeSpan? patience = null)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = patience ?? Patience };
        try
        {
            return await client.GetStringAsync(new Uri($"http://{address}:{port}/"), TestLife.Token);
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException { InnerException: TimeoutException })
        {
            return null;
        }
    }

    /// <summary>What an HTTP server answers a request with some content, whatever its status; <c>null</c> when it does not in time.</summary>
    public static async Task<(int Status, string By, string Text)?> RequestAsync(HttpMethod method, string address, string? content, TimeSpan patience)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = patience };
        using var request = new HttpRequestMessage(method, new Uri($"http://{address}/")) { Content = content is null ? null : new StringContent(content) };
        try
        {
            using HttpResponseMessage response = await client.SendAsync(request, TestLife.Token);
            string by = response.Headers.TryGetValues(Nginx.ServedBy, out IEnumerable<string>? names) ? names.Single() : "";
            return ((int)response.StatusCode, by, await response.Content.ReadAsStringAsync(TestLife.Token));
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException { InnerException: TimeoutException })
        {
            return null;
        }
    }

    /// <summary>What a UDP server answers; <c>null</c> when it does not within a second.</summary>
    public static async Task<string?> AskAsync(string address, int port)
    {
        using var client = new UdpClient();
        client.Connect(IPAddress.Parse(address), port);
        await client.SendAsync("?"u8.ToArray(), TestLife.Token);
        try
        {
            return Encoding.UTF8.GetString((await client.ReceiveAsync(TestLife.Token).AsTask().WaitAsync(Patience, TimeProvider.System)).Buffer);
        }
        catch (Exception exception) when (exception is SocketException or TimeoutException)
        {
            return null;
        }
    }

    /// <summary>Asks again and again until all of these have answered and, from then on, nobody else and no silence for a while.</summary>
    /// <param name="ask">One question; the answer begins with the name of who gives it.</param>
    /// <param name="names">Who has to answer.</param>
    public static async Task ShouldBeAnsweredByAsync(Func<Task<string?>> ask, params string[] names)
    {
        const int Steady = 25; // that a third of the members is silent all the while is then a matter of one in ten thousand
        var run = new List<string?>();
        await Eventually.UntilAsync($"{string.Join(", ", names)} answer, and nobody else", Limit, async () =>
        {
            run.Clear();
            while (run.Count < Steady || !names.All(run.Contains))
            {
                run.Add((await ask())?.Split(' ')[0]);
                if (!names.Contains(run[^1]) || run.Count > Steady * 4) return false;
            }

            return true;
        }, () => $"the last answers: {string.Join(", ", run.Select(a => a ?? "none"))}");
    }

    /// <summary>Asks until there is an answer, and returns it.</summary>
    public static async Task<string> UntilAnsweredAsync(Func<Task<string?>> ask)
    {
        string? answer = null;
        await Eventually.UntilAsync("there is an answer", Limit, async () => (answer = await ask()) is not null);
        return answer!;
    }

    /// <summary>Asks until there is no answer any more, three times in a row.</summary>
    public static async Task UntilSilentAsync(Func<Task<string?>> ask)
    {
        int silent = 0;
        await Eventually.UntilAsync("nobody answers", Limit, async () => (silent = await ask() is null ? silent + 1 : 0) == 3);
    }
}
