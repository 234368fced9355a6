"""What tchop is asked, in GraphQL: nothing but what Warmline takes, so that nothing else crosses the network.

Of the fields in its schema, no address, telephone number or biography stands here, and nothing of its chats.
"""

from __future__ import annotations

from typing import Final

_PAGE: Final = "pageInfo { hasNextPage totalItems }"
_AUTHOR: Final = "{ id screenName }"

CHANNELS: Final = "query Channels { channels(filters: {excludeArchived: true}) { id name } }"

USERS: Final = f"""
query Users($page: Int!, $size: Int!) {{
  organisationUsers(orderBy: REGISTERED, orderDirection: DESC, page: $page, size: $size) {{
    items {{
      id screenName registeredAt roleId isStaff subscription
      organisationTags {{ name }}
      accessedChannels {{ role }}
    }}
    {_PAGE}
  }}
}}
"""

CARDS: Final = f"""
query Cards($channel: Int!, $from: String, $page: Int!, $size: Int!) {{
  storyCardsChannelSearch(
    channelId: $channel, filters: {{status: [PUBLISHED], from: $from}}, orderDirection: DESC, page: $page, size: $size
  ) {{
    payload {{
      items {{
        id storyId createdAt postedAt updatedAt
        options {{ shouldUpdatePostedTimeByComments }}
        user {_AUTHOR}
        mentionedUsers {{ id }}
        content {{
          __typename
          ... on StoryCardThreadContent {{ title }}
          ... on StoryCardArticleContent {{ title headline abstract }}
          ... on StoryCardEditorialContent {{ headline subHeadline text }}
          ... on StoryCardImageContent {{ headline subHeadline text }}
          ... on StoryCardAudioContent {{ headline subHeadline text }}
          ... on StoryCardPostContent {{
            title headline abstract
            contentBlocks {{
              data {{
                ... on ContentBlockHeaderData {{ text }}
                ... on ContentBlockParagraphData {{ text }}
                ... on ContentBlockQuoteData {{ text }}
                ... on ContentBlockCalloutData {{ text }}
                ... on ContentBlockListData {{ points: items {{ content }} }}
              }}
            }}
          }}
        }}
      }}
      {_PAGE}
    }}
    error {{ __typename }}
  }}
}}
"""

COMMENTS: Final = f"""
query Comments($channel: Int!, $page: Int!, $size: Int!) {{
  storyCardCommentsFeedByChannelId(
    channelId: $channel, filters: {{}}, orderDirection: DESC, page: $page, size: $size
  ) {{
    items {{ id storyId storyCardId parentId content createdAt contentUpdatedAt author {_AUTHOR} }}
    {_PAGE}
  }}
}}
"""
